// Five people edit a document for ten minutes at three proxies, while connections and links are cut, phones are locked and
// proxies are killed, at random from a seed. At the end all documents are equal.
import { createServer, connect, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { cuttable, type Cuttable } from '../support/cuttable.ts'
import { contentOf, equal, openEditor, type Editor } from '../support/documents.ts'
import { freePort } from '../support/ports.ts'
import { startServer, type ServerProcess } from '../support/process.ts'
import { seededRandom } from '../support/random.ts'

const SEED = Number(process.env['NWS_TEST_SEED'] ?? 20_261_130)
const SECONDS = Number(process.env['NWS_TEST_SECONDS'] ?? 600)
const STEP_MS = 50

const pause = async (ms: number): Promise<void> => await new Promise(resolve => setTimeout(resolve, ms))

/** A way between two proxies that can be cut. */
interface Relay {
  readonly port: number
  isBlocked: boolean
  cut(): void
}

async function startRelay(t: Test, to: number): Promise<Relay> {
  const sockets = new Set<Socket>()
  const server: Server = createServer(socket => {
    if (relay.isBlocked) {
      socket.destroy()
      return
    }
    const other = connect(to, '127.0.0.1')
    for (const [one, two] of [
      [socket, other],
      [other, socket]
    ] as const) {
      sockets.add(one)
      one.on('error', () => {})
      one.once('close', () => {
        sockets.delete(one)
        two.destroy()
      })
      one.pipe(two)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const relay: Relay = {
    port,
    isBlocked: false,
    cut: () => {
      for (const socket of sockets) socket.destroy()
    }
  }
  t.teardown(() => {
    relay.cut()
    server.close()
  })
  return relay
}

interface RunningProxy {
  readonly port: number
  /** Kills the process and starts another one in its place. */
  replace(afterMs: number): Promise<void>
}

async function startProxy(t: Test, meshPort: number, peers: readonly Relay[]): Promise<RunningProxy> {
  const port = await freePort()
  const start = (): ServerProcess =>
    startServer(t, {
      NWS_PORT: String(port),
      NWS_MESH_HOST: '127.0.0.1',
      NWS_MESH_PORT: String(meshPort),
      ...(peers.length === 0 ? {} : { NWS_PEERS: peers.map(relay => `127.0.0.1:${relay.port}`).join(',') })
    })
  let server = start()
  await server.port()
  return {
    port,
    replace: async afterMs => {
      const ended = once(server.child, 'exit')
      server.child.kill('SIGKILL')
      await ended
      await pause(afterMs)
      server = start()
      await server.port()
    }
  }
}

interface Person extends Editor {
  readonly network: Cuttable
}

t.test(`documents of five editors are equal after ${SECONDS} s of faults (seed ${SEED})`, async t => {
  const random = seededRandom(SEED)
  const below = (bound: number): number => Math.floor(random() * bound)
  const meshPorts = [await freePort(), await freePort(), await freePort()] as const
  const relays = [
    await startRelay(t, meshPorts[0]),
    await startRelay(t, meshPorts[0]),
    await startRelay(t, meshPorts[1])
  ] as const
  const proxies = [
    await startProxy(t, meshPorts[0], []),
    await startProxy(t, meshPorts[1], [relays[0]]),
    await startProxy(t, meshPorts[2], [relays[1], relays[2]])
  ]
  const people = [0, 0, 1, 1, 2].map((place): Person => {
    const network = cuttable()
    const endpoint = `ws://localhost:${proxies[place]!.port}`
    return { ...openEditor(t, 'paper', { endpoint, WebSocket: network.Socket }), network }
  })
  const counts = { edits: 0, cuts: 0, locks: 0, links: 0, kills: 0 }
  const healing = new Set<Promise<void>>()
  const busy = new Set<unknown>()
  /** Does something that ends by itself, unless the thing is broken already. */
  const during = (thing: unknown, work: () => Promise<void>): void => {
    if (busy.has(thing)) return
    busy.add(thing)
    const done = work().finally(() => {
      busy.delete(thing)
      healing.delete(done)
    })
    healing.add(done)
  }

  function edit({ text, doc }: Person): void {
    counts.edits++
    const at = below(text.length + 1)
    if (text.length > 2000 || random() < 0.3) text.delete(at, Math.min(1 + below(40), text.length - at))
    else text.insert(at, 'lorem ipsum dolor '.slice(0, 1 + below(18)))
    if (random() < 0.1) doc.getMap('facts').set(`key ${below(5)}`, below(1000))
  }

  function fault(): void {
    const kind = random()
    const person = people[below(people.length)]!
    if (kind < 0.4) {
      counts.cuts++
      person.network.cut()
    } else if (kind < 0.65)
      during(person, async () => {
        counts.locks++
        person.network.offline = true
        person.network.cut()
        await pause(1000 + below(8000))
        person.network.offline = false
      })
    else if (kind < 0.9) {
      const relay = relays[below(relays.length)]!
      during(relay, async () => {
        counts.links++
        relay.isBlocked = random() < 0.5
        relay.cut()
        await pause(below(20_000))
        relay.isBlocked = false
      })
    } else {
      const proxy = proxies[below(proxies.length)]!
      during(proxy, async () => {
        counts.kills++
        await proxy.replace(below(2000))
      })
    }
  }

  const end = performance.now() + SECONDS * 1000
  while (performance.now() < end) {
    edit(people[below(people.length)]!)
    if (random() < 0.04) fault()
    await pause(STEP_MS)
  }
  while (healing.size > 0) await Promise.all(healing)
  t.comment(JSON.stringify(counts))
  await equal(...people)
  const [first, ...others] = people.map(({ doc }) => contentOf(doc))
  for (const other of others) t.equal(other, first)
  t.ok(counts.edits > SECONDS, `${counts.edits} edits`)
})
