// A way to the rendezvous that is lost for five minutes without a word, with the times of the library and the proxy as they are.
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { twoMachines } from '../support/bonevalue-machines.ts'
import { needs } from '../support/needs.ts'

const LOST_MS = 300_000
const PAUSE_MS = 10_000

t.test(
  'five minutes without the rendezvous: both pages go on asking each other, and are the same peers afterwards',
  { ...needs('chromium', 'namespaces', 'iptables'), timeout: 560_000 },
  async t => {
    const { second, ann, ben, talk } = await twoMachines(t, { settings: {}, options: {} })
    await talk(t)
    second.cut()
    const end = Date.now() + LOST_MS
    await ben.said('disconnect')
    while (Date.now() < end) {
      await talk(t)
      await setTimeout(PAUSE_MS) // The time itself is what is tested.
    }
    second.heal()
    await ben.said('connect')
    await talk(t)
    t.notOk([...ann.console, ...ben.console].some(line => line.startsWith('peerdisconnect')))
  }
)
