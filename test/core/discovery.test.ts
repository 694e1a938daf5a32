// The seam between mesh and discovery: what may be advertised, exchanging the implementation, and that the in-memory
// discovery of the tests keeps the same promises.
import t from 'tap'
import {
  checkAdvertisement,
  ExchangeableDiscovery,
  NoDiscovery,
  isAdvertisedId,
  type Discovery,
  type DiscoveryObserver
} from '../../src/core/discovery.ts'
import { createMemoryNetwork } from '../support/memory-discovery.ts'

const idA = 'a'.repeat(26)
const idB = `b${'a'.repeat(25)}`

/** Everything an observer is told, in order. */
function recorder(): { observer: DiscoveryObserver; told: string[]; next: () => Promise<string> } {
  const told: string[] = []
  const waiting: (() => void)[] = []
  const tell = (text: string) => {
    told.push(text)
    waiting.shift()?.()
  }
  let read = 0
  return {
    told,
    observer: {
      found: ({ id, addresses }) => {
        tell(`found ${id} ${addresses.map(({ address, port }) => `${address}:${port}`).join(' ')}`)
      },
      updated: ({ id }) => {
        tell(`updated ${id}`)
      },
      lost: id => {
        tell(`lost ${id}`)
      }
    },
    async next() {
      if (read >= told.length)
        await new Promise<void>(resolve => {
          waiting.push(resolve)
        })
      read += 1
      return told[read - 1]!
    }
  }
}

t.test('only ids of 16 bytes in lower case base32 and ports from 1024 are advertised', async t => {
  t.ok(isAdvertisedId('vt3nu2ld32255xyewqkipxhbpy'))
  for (const id of [
    '',
    'a',
    'A'.repeat(26),
    'a'.repeat(25),
    'a'.repeat(27),
    `${'a'.repeat(25)}b`,
    `${'a'.repeat(25)}1`,
    `${'a'.repeat(25)}\n`,
    'x (2)'
  ]) {
    t.throws(
      () => {
        checkAdvertisement({ id, port: 2000 })
      },
      { code: 'NWS_ERR_DISCOVERY_ADVERTISEMENT' },
      JSON.stringify(id)
    )
  }
  for (const port of [0, 1023, 65536, 2000.5, Number.NaN]) {
    t.throws(
      () => {
        checkAdvertisement({ id: idA, port })
      },
      { code: 'NWS_ERR_DISCOVERY_ADVERTISEMENT' },
      `port ${port}`
    )
  }
})

t.test('switched off it is off, before and after start', async t => {
  const discovery = new NoDiscovery()
  await discovery.start({ id: idA, port: 2000 })
  t.strictSame(discovery.status, { state: 'off', interfaces: [] })
  t.equal(discovery.remotes.size, 0)
  await discovery.stop()
})

t.test('an extension exchanges the implementation before the start, subscriptions move along', async t => {
  const network = createMemoryNetwork()
  const exchangeable = new ExchangeableDiscovery(new NoDiscovery())
  const { observer, next } = recorder()
  const end = exchangeable.subscribe(observer)
  exchangeable.use(network.discovery('10.0.0.1'))
  await exchangeable.start({ id: idA, port: 2000 })
  t.equal(exchangeable.status.state, 'ok', 'the new one runs')
  t.throws(
    () => {
      exchangeable.use(new NoDiscovery())
    },
    { code: 'NWS_ERR_DISCOVERY_STARTED' }
  )
  const other = network.discovery('10.0.0.2')
  await other.start({ id: idB, port: 3000 })
  t.equal(await next(), `found ${idB} 10.0.0.2:3000`)
  t.ok(exchangeable.remotes.has(idB))
  end()
  await other.stop()
  await exchangeable.stop()
  t.equal(exchangeable.status.state, 'off')
})

t.test('proxies on the in-memory network find and lose each other', async t => {
  const network = createMemoryNetwork()
  const [a, b] = [network.discovery(), network.discovery()] as [Discovery, Discovery]
  const { observer, next, told } = recorder()
  a.subscribe(observer)
  await a.start({ id: idA, port: 2000 })
  await b.start({ id: idB, port: 3000 })
  t.strictSame(told, [], 'nobody is told within a call')
  t.equal(await next(), `found ${idB} 127.0.0.1:3000`)
  network.announce({ id: idB, addresses: [{ address: '127.0.0.1', port: 4000 }] })
  t.equal(await next(), `updated ${idB}`)
  network.cut(b)
  t.equal(await next(), `lost ${idB}`)
  t.equal(b.remotes.size, 0)
  network.heal(b)
  t.match(await next(), `found ${idB}`)
  network.withdraw(idB)
  t.equal(await next(), `lost ${idB}`, 'a forged withdrawal too')
  await b.stop()
  await a.stop()
})
