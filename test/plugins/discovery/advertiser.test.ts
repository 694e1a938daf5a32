// The advertiser's demands on ciao, and its behaviour with a ciao that fails in each known way. ciao is played here; with
// the real one the same is shown between hosts.
import t, { type Test } from 'tap'
import { Advertiser, type AdvertiserDeps } from '../../../src/plugins/discovery/advertiser.ts'
import type { InterfaceView } from '../../../src/plugins/discovery/interfaces.ts'

const advertisement = { id: 'vt3nu2ld32255xyewqkipxhbpy', port: 40_000 }
const hostLabel = 'abcdefghijklmnop'
const surroundings = { networks: [], own: new Set<string>() }
const view = (...names: string[]): InterfaceView => ({
  ipv4: names.map((name, index) => ({ name, address: `10.0.${index}.2` })),
  ipv6: [],
  leftOut: [],
  loopback: true,
  alone: false,
  surroundings
})

interface Played {
  readonly options: Record<string, unknown>
  readonly service: Record<string, unknown>
  readonly log: string[]
  readonly responder: {
    handleQuery: (packet: object, endpoint: object) => void
    handleResponse: (packet: object, endpoint: object) => void
  }
}

/** An advertiser on a played ciao. `advertise` and `end` say how those go. */
function play(
  t: Test,
  {
    advertise = async () => {},
    end = async () => {},
    timings = {}
  }: { advertise?: () => Promise<void>; end?: () => Promise<void>; timings?: object } = {}
) {
  const played: Played[] = []
  const waiting: (() => void)[] = []
  const unseen: number[] = []
  const getResponder = (options: Record<string, unknown>) => {
    const log: string[] = []
    const server = {
      shutdown: () => {
        log.push('server shut down')
      },
      getNetworkManager: () => ({
        shutdown: () => {
          log.push('polling ended')
        }
      })
    }
    const responder = {
      server,
      promiseChain: Promise.resolve(),
      handleQuery: () => {
        log.push('query answered')
      },
      handleResponse: () => {
        log.push('response handled')
      },
      shutdown: async () => {
        log.push('shut down')
      },
      createService(service: Record<string, unknown>) {
        played.push({ options, service, log, responder })
        for (const wake of waiting.splice(0)) wake()
        return {
          on: () => {},
          advertise: async () => {
            log.push('advertised')
            await advertise()
          },
          end: async () => {
            log.push('goodbye')
            await end()
          },
          updatePort: () => {
            throw new Error('the port cannot be changed')
          }
        }
      }
    }
    return responder
  }
  const advertiser = new Advertiser({
    advertisement,
    hostLabel,
    timings: { unseenMs: 5000, maxUnseenMs: 60_000, goodbyeMs: 500, ...timings },
    unseen: () => {
      unseen.push(Date.now())
    },
    createResponder: getResponder as unknown as NonNullable<AdvertiserDeps['createResponder']>
  })
  const alive = setInterval(() => {}, 1000) // its own timers hold no process open
  t.teardown(async () => {
    clearInterval(alive)
    await advertiser.stop()
  })
  const responders = async (count: number) => {
    while (played.length < count)
      await new Promise<void>(resolve => {
        waiting.push(resolve)
      })
    return played[count - 1]!
  }
  return { advertiser, responders, played, unseen }
}

t.test('ciao is given names of interfaces, never addresses, and nothing that tells of us', async t => {
  const { advertiser, responders } = play(t)
  advertiser.update(view('eth0', 'wlan0'))
  const { options, service } = await responders(1)
  t.match(
    options,
    { interface: ['eth0', 'wlan0'], excludeIpv6Only: true },
    'an address that is absent would mean all interfaces'
  )
  t.strictSame(service, {
    name: advertisement.id,
    type: 'nws',
    port: 40_000,
    hostname: hostLabel,
    txt: { v: '3' },
    restrictedAddresses: ['eth0', 'wlan0'],
    disabledIpv6: true
  })
})

t.test('without IPv4 it is IPv6, unrestricted', async t => {
  const { advertiser, responders } = play(t)
  advertiser.update({ ...view(), ipv6: [{ name: 'eth0', address: '::%eth0' }] })
  const { options, service } = await responders(1)
  t.match(options, { interface: ['eth0'], advertiseIpv4: false, advertiseIpv6: true })
  t.notOk('restrictedAddresses' in service || 'disabledIpv6' in service)
})

t.test('its own polling ends as soon as it is bound', async t => {
  const { advertiser, responders } = play(t)
  advertiser.update(view('eth0'))
  const { log } = await responders(1)
  await advertiser.stop()
  t.ok(log.includes('polling ended'))
})

t.test('other interfaces or addresses make a new responder, without goodbye; the same ones change nothing', async t => {
  const { advertiser, responders, played } = play(t)
  advertiser.update(view('eth0'))
  const first = await responders(1)
  advertiser.update(view('eth0'))
  advertiser.update(view('eth0', 'eth1'))
  const second = await responders(2)
  t.strictSame(first.log, ['advertised', 'polling ended', 'server shut down', 'shut down'])
  t.not(first.options.number, second.options.number, 'else ciao would give the old one again')
  t.equal(second.service.hostname, first.service.hostname, 'names stay')
  advertiser.update(undefined)
  advertiser.update({ ...view(), ipv4: [{ name: 'eth0', address: '10.0.0.99' }] })
  await responders(3)
  t.equal(played.length, 3)
  t.notOk(second.log.includes('goodbye'))
})

t.test('an advertise() that never settles, or rejects, is no harm: not being seen rebuilds', async t => {
  for (const advertise of [
    async () => await new Promise<void>(() => {}),
    async () => {
      throw new Error('failed')
    }
  ]) {
    const { advertiser, responders, unseen } = play(t, { advertise, timings: { unseenMs: 20, maxUnseenMs: 40 } })
    advertiser.update(view('eth0'))
    await responders(3)
    t.equal(unseen.length, 2)
    await advertiser.stop()
  }
})

t.test('being seen ends the watch, being seen no more begins it', async t => {
  const timings = { unseenMs: 30, maxUnseenMs: 30 }
  const { advertiser, responders, played, unseen } = play(t, { timings })
  const other = play(t, { timings })
  advertiser.update(view('eth0'))
  await responders(1)
  advertiser.seen(true)
  other.advertiser.update(view('eth0'))
  await other.responders(3)
  t.equal(played.length, 1, 'while one that is not seen is at its third')
  advertiser.seen(false)
  await responders(2)
  t.equal(unseen.length, 1)
})

t.test('goodbye is said once, and waited for only so long', async t => {
  const { advertiser, responders } = play(t, {
    end: async () => await new Promise<void>(() => {}),
    timings: { goodbyeMs: 20 }
  })
  advertiser.update(view('eth0'))
  const { log } = await responders(1)
  await advertiser.stop()
  t.strictSame(log, ['advertised', 'polling ended', 'goodbye', 'server shut down', 'shut down'])
  advertiser.update(view('eth1'))
  await advertiser.stop()
  t.equal(log.filter(line => line === 'goodbye').length, 1)
})

t.test('responses and probes do not reach ciao, queries at a bounded rate', async t => {
  const { advertiser, responders } = play(t)
  advertiser.update(view('eth0'))
  const { responder, log } = await responders(1)
  responder.handleResponse({}, {})
  responder.handleQuery({ authorities: new Map([['x', {}]]) }, {})
  t.notOk(log.some(line => line.includes('handled') || line.includes('answered')))
  for (let count = 0; count < 10_000; count++) responder.handleQuery({ authorities: new Map() }, {})
  const answered = log.filter(line => line === 'query answered').length
  t.ok(answered >= 200 && answered < 400, `${answered} of 10 000`)
})
