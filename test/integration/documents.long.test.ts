// Five people edit a document for ten minutes at three proxies, while connections and links are cut, phones are locked (their
// processes stop) and proxies are killed, at random from a seed. At the end all documents are equal.
import { fork, type ChildProcess } from 'node:child_process'
import { createServer, connect, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { cuttable, type Cuttable } from '../support/cuttable.ts'
import { contentOf, docsUntil, editAtRandom, openEditor, type Editor } from '../support/documents.ts'
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
      // A locked phone is away after this time, or comes back before.
      NWS_PING_INTERVAL_MS: '5000',
      NWS_PEER_TIMEOUT_MS: '10000',
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

/** An editor in a process of its own. */
interface Phone {
  readonly child: ChildProcess
  /** Tells it to edit no more. From here on `content` is that of its document, and `changed` runs after each change. */
  end(changed: () => void): void
  readonly content: string
}

function startPhone(t: Test, endpoint: string, seed: number): Phone {
  const child = fork('test/support/programs/phone-editor.ts', [endpoint, String(seed)], {
    execArgv: ['--import', './tools/typescript.mjs']
  })
  t.teardown(async () => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  })
  let content = ''
  return {
    child,
    end: changed => {
      child.on('message', message => {
        content = message as string
        changed()
      })
      child.send('end')
    },
    get content() {
      return content
    }
  }
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
  const people = [0, 1, 2].map((place): Person => {
    const network = cuttable()
    const endpoint = `ws://localhost:${proxies[place]!.port}`
    return { ...openEditor(t, 'paper', { endpoint, WebSocket: network.Socket }), network }
  })
  const phones = [0, 1].map((place, i) => startPhone(t, `ws://localhost:${proxies[place]!.port}`, SEED + i))
  const counts = { edits: 0, cuts: 0, absences: 0, locks: 0, links: 0, kills: 0 }
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

  function fault(): void {
    const kind = random()
    const person = people[below(people.length)]!
    if (kind < 0.25) {
      counts.cuts++
      person.network.cut()
    } else if (kind < 0.4) {
      const { child } = phones[below(phones.length)]!
      during(child, async () => {
        counts.locks++
        child.kill('SIGSTOP')
        await pause(1000 + below(25_000))
        child.kill('SIGCONT')
      })
    } else if (kind < 0.65)
      during(person, async () => {
        counts.absences++
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
    counts.edits++
    editAtRandom(people[below(people.length)]!.doc, random)
    if (random() < 0.04) fault()
    await pause(STEP_MS)
  }
  while (healing.size > 0) await Promise.all(healing)
  t.comment(JSON.stringify(counts))
  const docs = people.map(({ doc }) => doc)
  const contents = (): string[] => [...docs.map(contentOf), ...phones.map(({ content }) => content)]
  await new Promise<void>(resolve => {
    const isSame = (): boolean => new Set(contents()).size === 1
    const check = (): void => {
      if (isSame()) resolve()
    }
    for (const phone of phones) phone.end(check)
    void docsUntil(docs, isSame).then(resolve)
  })
  const [first, ...others] = contents()
  for (const other of others) t.equal(other, first)
  t.ok(counts.edits > SECONDS, `${counts.edits} edits`)
})
