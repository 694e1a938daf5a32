// Eight days of two pages that stay logged in, hour by hour by a clock that is moved: a session lives seven days after its last use,
// so it is renewed meanwhile. Then the rendezvous is killed, and the pages come back by their sessions.
import { join } from 'node:path'
import t from 'tap'
import { twoMachines } from '../support/bonevalue-machines.ts'
import { needs } from '../support/needs.ts'

const CLOCK = new URL('../support/programs/hours.mjs', import.meta.url)
const HOURS = 8 * 24
/** Prints by how many hours the end of the sessions has moved, whenever it has. */
const WATCH = `
  let first, last = 0
  const endOf = async user => {
    const answer = await fetch('http://127.0.0.1:9009/api/users/' + user + '/sessions')
    return Math.max(...(await answer.json()).sessions.map(({ expiresAt }) => new Date(expiresAt).getTime()))
  }
  const look = async () => {
    const end = Math.min(await endOf('ann'), await endOf('ben'))
    first ??= end
    const moved = Math.floor((end - first) / 3_600_000)
    for (; last < moved; last++) console.log('renewed ' + (last + 1) + '.')
    setTimeout(look, 50)
  }
  look().then(() => console.log('watches'))`

t.test(
  'eight days: sessions that are used do not end, and neither do conversations',
  { ...needs('chromium', 'namespaces', 'iptables'), timeout: 560_000 },
  async t => {
    const { first, ann, ben, talk, rendezvous, start } = await twoMachines(t, {
      settings: {
        NODE_OPTIONS: `--import=${CLOCK.href}`,
        HOURS_FILE: join(t.testdir({}), 'hours'),
        NWS_PING_INTERVAL_MS: '1000',
        NWS_PEER_TIMEOUT_MS: '30000'
      },
      options: {}
    })
    const watch = first.node('-e', [WATCH])
    await watch.printed(/watches/)
    for (let hour = 1; hour <= HOURS; hour++) {
      process.kill(rendezvous().pid, 'SIGWINCH')
      await watch.printed(new RegExp(`renewed ${hour}\\.`), 60_000)
      if (hour % 12 === 0) await talk(t)
    }
    await watch.kill('SIGKILL')
    const told = (): string[] => [...ann.console, ...ben.console].filter(line => /disconnect|error/.test(line))
    t.strictSame(told(), [], 'neither page was away')

    await rendezvous().kill('SIGKILL')
    await ann.said('disconnect')
    await ben.said('disconnect')
    await talk(t)
    await start()
    await ann.said('connect')
    await ben.said('connect')
    await talk(t)
    t.strictSame(
      told().filter(line => !line.startsWith('disconnect')),
      [],
      'both came back by their sessions, as the same peers'
    )
  }
)
