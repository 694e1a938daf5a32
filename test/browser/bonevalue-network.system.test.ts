// Two browsers on two machines, of which one changes its address while they talk, and then loses the rendezvous: network
// namespaces, so that the way is really gone and another one is really found.
import t from 'tap'
import { twoMachines } from '../support/bonevalue-machines.ts'
import { needs } from '../support/needs.ts'

t.test(
  'a peer whose address changes is found again, and one without a rendezvous stays; no request is lost',
  { ...needs('chromium', 'namespaces', 'iptables'), timeout: 150_000 },
  async t => {
    const { second, ann, ben, talk, start, rendezvous, alone } = await twoMachines(t, {
      settings: { NWS_PING_INTERVAL_MS: '2000', NWS_PEER_TIMEOUT_MS: '6000' },
      options: { timeoutMs: 120_000, heartbeatMs: 4000, lifeMs: 4000 }
    })
    await talk(t)
    // Asked over the old way, answered over the new one; and asked while there is none.
    await ben.run(
      "$BV.module('later', e => { globalThis.answer = () => e.callback(e.request); console.log('asked later') }); return 0"
    )
    const asked = ann.run("ask('ben', 'later', 'asked before', true, 1)")
    await ben.said('asked later')
    second.setAddress('10.77.1.99/24', 1)
    const between = [ann.run("ask('ben', 'echo', 'there', true, 1)"), ben.run("ask('ann', 'echo', 'back', true, 1)")]
    t.match(await Promise.all(between), [
      [{ response: 'there', peer: { id: ben.id } }],
      [{ response: 'back', peer: { id: ann.id } }]
    ])
    await ben.run('answer(); return 0')
    t.match(await asked, [{ response: 'asked before' }])
    t.notOk(
      [...ann.console, ...ben.console].some(line => line.startsWith('peerdisconnect')),
      'the rendezvous was there all the time'
    )

    // Nothing tells ben's page that its way to the rendezvous is lost, and nothing tells the rendezvous.
    second.cut()
    await ben.said('disconnect')
    await alone()
    await talk(t)
    second.heal()
    await ben.said('connect')
    await talk(t)

    await rendezvous().kill('SIGKILL')
    await ann.said('disconnect')
    await ben.said('disconnect')
    await talk(t)
    await start()
    await ann.said('connect')
    await ben.said('connect')
    await talk(t)
    t.notOk(
      [...ann.console, ...ben.console].some(line => line.startsWith('peerdisconnect')),
      'each page has been the same peer all the time'
    )
  }
)
