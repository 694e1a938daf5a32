// A network of meshes in one thread and in virtual time: every order that the outside may choose (how long a message
// travels, when a computation ends, which of two timers fires first) is drawn from a seed. Bytes on one connection keep
// their order. Not the real sockets: those are tested in test/plugins.
import { base32, compare, mapKey } from '../../src/core/bytes.ts'
import {
  budgets as realBudgets,
  timings as realTimings,
  type LinkBudgets,
  type LinkTimings
} from '../../src/core/link/constants.ts'
import type { Clock } from '../../src/core/clock.ts'
import type { LinkPort, StepRunner } from '../../src/core/link/environment.ts'
import type { PeerMessage } from '../../src/core/link/wire/channel-message.ts'
import type { Endpoint, Link, LinkEnding } from '../../src/core/link/session/link.ts'
import { Dialer, dialTimings, type DialRequest, type DialOutcome } from '../../src/core/link/session/dialer.ts'
import type { Session } from '../../src/core/link/session/session.ts'
import { createIdentity, type Identity } from '../../src/core/link/wire/handshake.ts'
import { Mesh } from '../../src/core/link/session/mesh.ts'
import { runToEnd } from '../../src/core/link/result.ts'
import type { LinkPrimitives } from '../../src/core/link/primitives.ts'
import { fakePrimitives } from './fake-primitives.ts'
import { seededRandom } from './random.ts'

interface Happening {
  readonly at: number
  /** Breaks ties at random. */
  readonly tie: number
  readonly run: () => void
  cancelled: boolean
}

/** Virtual time. */
export class SimulatedClock implements Clock {
  #now = 1000
  readonly #random: () => number
  /** A binary heap by time and tie. */
  readonly #heap: Happening[] = []

  constructor(random: () => number) {
    this.#random = random
  }

  now(): number {
    return this.#now
  }

  after(ms: number, run: () => void): () => void {
    const happening: Happening = { at: this.#now + Math.max(0, ms), tie: this.#random(), run, cancelled: false }
    this.#push(happening)
    return () => {
      happening.cancelled = true
    }
  }

  /** Runs all that is due until then. */
  run(until: number): void {
    for (;;) {
      const next = this.#heap[0]
      if (next === undefined || next.at > until) break
      this.#pop()
      if (next.cancelled) continue
      this.#now = next.at
      next.run()
    }
    this.#now = Math.max(this.#now, until)
  }

  #before(a: Happening, b: Happening): boolean {
    return a.at !== b.at ? a.at < b.at : a.tie < b.tie
  }

  #push(happening: Happening): void {
    const heap = this.#heap
    let at = heap.push(happening) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#before(heap[at]!, heap[parent]!)) break
      ;[heap[at], heap[parent]] = [heap[parent]!, heap[at]!]
      at = parent
    }
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    heap[0] = last
    let at = 0
    for (;;) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && this.#before(heap[child]!, heap[least]!)) least = child
      if (least === at) return
      ;[heap[at], heap[least]] = [heap[least]!, heap[at]!]
      at = least
    }
  }
}

export interface SimulationOptions {
  readonly timings?: Partial<LinkTimings>
  readonly budgets?: Partial<LinkBudgets>
  /** Longest travel of a message and longest computation, milliseconds. */
  readonly latencyMs?: number
  readonly computeMs?: number
  readonly primitives?: LinkPrimitives
}

/** The observations of a proxy of the simulation. */
export interface Seen {
  readonly joined: Map<string, Map<string, Session>>
  /** `span`: how often the source had been joined by then. */
  readonly messages: {
    name: string
    source: string
    target: string | undefined
    seq: number
    text: string
    span: number
  }[]
  readonly events: string[]
  readonly endings: LinkEnding[]
}

/** A connection between two links. */
export interface Wire {
  readonly ends: readonly [SimulatedPort, SimulatedPort]
  /** Both ends lose it at once, with all that is under way. */
  cut(): void
  /** The network carries nothing any more, and neither end is told. */
  silence(): void
  /** The network carries nothing any more; each end is told after so many milliseconds. */
  break(first: number, second: number): void
  /** The network carries nothing; bytes arrive after the returned function was called. */
  stall(): () => void
}

/** One end of a connection: the port of a link, or of an attacker's own code. */
export class SimulatedPort implements LinkPort {
  queuedBytes = 0
  /** The network takes no bytes: they stay in the queue. */
  stalled = false
  paused = false
  closed = false
  /** What this end receives goes here. */
  receive: (bytes: Uint8Array) => void = () => {}
  ended: () => void = () => {}
  /** Changes or drops (undefined) what this end sends. */
  tamper: (bytes: Uint8Array) => Uint8Array | undefined = bytes => bytes
  peer!: SimulatedPort
  owner: SimulatedProxy | undefined
  /** The network carries nothing, and this end is going to notice. */
  broken = false
  /** The connection is over for this end. */
  onClose: () => void = () => {}
  /** Messages sent by this end. */
  readonly sent: Uint8Array[] = []
  readonly #clock: SimulatedClock
  readonly #latency: () => number
  #free = 0
  readonly #held: (() => void)[] = []
  #stalls = 0

  constructor(clock: SimulatedClock, latency: () => number) {
    this.#clock = clock
    this.#latency = latency
  }

  send(bytes: Uint8Array): void {
    if (this.closed) return
    this.sent.push(bytes)
    if (this.stalled) {
      this.queuedBytes += bytes.length
      return
    }
    const changed = this.tamper(bytes)
    if (changed !== undefined) this.#carry(() => this.peer.receive(changed))
  }

  /** Includes bytes that a test sends after a tampering. */
  inject(bytes: Uint8Array): void {
    this.#carry(() => this.peer.receive(bytes))
  }

  pause(paused: boolean): void {
    this.paused = paused
    this.#goOn()
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.onClose()
    if (this.broken) return
    this.#carry(() => {
      this.peer.closed = true
      this.peer.ended()
    })
  }

  destroy(): void {
    this.close()
  }

  cut(): void {
    this.closed = true
    this.receive = () => {}
    this.ended()
  }

  /** Arriving bytes wait until the returned function is called. */
  stall(): () => void {
    this.#stalls += 1
    return () => {
      this.#stalls -= 1
      this.#goOn()
    }
  }

  #goOn(): void {
    while (!this.paused && this.#stalls === 0 && this.#held.length > 0) this.#held.shift()!()
  }

  /** Delivers to the other end, in order, after a while. */
  #carry(run: () => void): void {
    this.#free = Math.max(this.#free + 1e-6, this.#clock.now() + this.#latency())
    this.#clock.after(this.#free - this.#clock.now(), () => {
      if (this.peer.paused || this.peer.#stalls > 0) this.peer.#held.push(run)
      else run()
    })
  }
}

/** A proxy of the simulation: a mesh and its events. */
export class SimulatedProxy {
  readonly mesh: Mesh
  readonly identity: Identity
  readonly primitives: LinkPrimitives
  readonly seen: Seen = { joined: new Map(), messages: [], events: [], endings: [] }
  /** Where it listens; another address after a roam. */
  endpoint: Endpoint
  /** Its process runs. */
  alive = true
  /** The name of its computer. */
  computerName: string | undefined
  /** Keeps its links, once it was told of other proxies. */
  readonly dialer: Dialer
  /** Told when a dialled link opens. */
  readonly outcomes = new Map<Link, DialOutcome>()
  readonly #local = new Map<string, Map<string, number>>()
  readonly #spans = new Map<string, number>()
  #ids = 0
  readonly label: string

  constructor(
    label: string,
    simulation: Simulation,
    identity: Identity,
    primitives: LinkPrimitives,
    budgets: LinkBudgets
  ) {
    this.label = label
    this.identity = identity
    this.primitives = primitives
    this.endpoint = { host: label, port: 1 }
    const { clock, runner, endOfTurn, random, timings } = simulation
    const alive = (run: () => void) => () => {
      if (this.alive) run()
    }
    this.mesh = new Mesh(
      {
        identity,
        listenPort: () => 1,
        computerName: () => this.computerName,
        primitives,
        clock: { now: () => clock.now(), after: (ms, run) => clock.after(ms, alive(run)) },
        runner,
        endOfTurn,
        time: () => clock.now(),
        random,
        timings,
        budgets,
        keyOf: name => `key of ${name}`
      },
      {
        linkOpened: link => this.outcomes.get(link)?.opened(link.terms!.remoteId),
        linkEnded: (_, ending) => this.seen.endings.push(ending),
        linked: session => this.dialer.linked(session.remoteId),
        waiting: session => {
          this.seen.events.push('waiting')
          this.dialer.resume(session.remoteId, session.endpoint)
        },
        ended: session => this.dialer.over(session.remoteId),
        roundEnded: () => {},
        matched: (_, name) => this.seen.events.push(`matched ${name}`),
        joined: (name, peer, session) => {
          const peers = this.seen.joined.get(name) ?? new Map<string, Session>()
          if (peers.has(peer)) throw new Error('joined twice')
          peers.set(peer, session)
          this.seen.joined.set(name, peers)
          this.seen.events.push(`+${name} ${peer}`)
          this.#spans.set(`${name} ${peer}`, this.#span(name, peer) + 1)
        },
        parted: (name, peer) => {
          if (this.seen.joined.get(name)?.delete(peer) !== true) throw new Error('parted without join')
          this.seen.events.push(`-${name} ${peer}`)
        },
        message: (name, message) => this.#heard(name, message)
      }
    )
    this.dialer = new Dialer({
      ownId: identity.id,
      clock: { now: () => clock.now(), after: (ms, run) => clock.after(ms, alive(run)) },
      timings: dialTimings,
      random,
      lost: id => this.mesh.gone(id),
      dial: (request, outcome) => simulation.connect(this, request, outcome)
    })
  }

  get id(): Uint8Array {
    return this.identity.id
  }

  /** Discovers another proxy, or its new address. */
  discover(other: SimulatedProxy): void {
    const { host, port } = other.endpoint
    this.dialer.found({ id: base32(other.id), addresses: [{ address: host, port }] })
  }

  /** Another proxy has said goodbye. */
  withdraw(other: SimulatedProxy): void {
    this.dialer.lost(base32(other.id))
  }

  #heard(name: string, { source, target, seq, payload }: PeerMessage): void {
    if (this.seen.joined.get(name)?.has(source) !== true) throw new Error('a message of nobody')
    this.seen.messages.push({
      name,
      source,
      target,
      seq,
      text: Buffer.from(payload).toString(),
      span: this.#span(name, source)
    })
  }

  #span(name: string, peer: string): number {
    return this.#spans.get(`${name} ${peer}`) ?? 0
  }

  /** Local peers of a channel. */
  peers(name: string): string[] {
    return [...(this.#local.get(name)?.keys() ?? [])]
  }

  names(): string[] {
    return [...this.#local.keys()]
  }

  /** A local peer joins; opens the channel if it is closed. @returns its id */
  join(name: string, id = `${this.label}${++this.#ids}`): string {
    if (!this.#local.has(name)) {
      this.#local.set(name, new Map())
      this.mesh.channelOpened(name)
    }
    this.#local.get(name)!.set(id, 0)
    this.mesh.localJoined(name, id)
    return id
  }

  /** A local peer leaves, and the channel closes when it was the last. */
  leave(name: string, id: string): void {
    const peers = this.#local.get(name)!
    peers.delete(id)
    this.mesh.localLeft(name, id)
    if (peers.size > 0) return
    this.#local.delete(name)
    this.mesh.channelClosed(name)
    // The hub forgets the channel's remote peers; the mesh tells of them again when asked.
  }

  /** All local peers of a channel leave. */
  leaveAll(name: string): void {
    for (const id of this.peers(name)) this.leave(name, id)
  }

  broadcast(name: string, source: string, text: string, binary = false): { peers: number; missed: number } {
    const peers = this.#local.get(name)!
    const seq = peers.get(source)! + 1
    peers.set(source, seq)
    return this.mesh.broadcast(name, { source, seq, binary, payload: Buffer.from(text) })
  }

  /** Ids of remote peers that are joined. */
  remotes(name: string): string[] {
    return [...this.mesh.remotes(name)].map(([id]) => id).toSorted()
  }

  /** Links that are open. */
  open(): Link[] {
    return [...this.mesh.links].filter(link => link.state === 'open')
  }

  /** The session with another proxy. */
  session(other: SimulatedProxy): Session | undefined {
    return [...this.mesh.sessions()].find(({ remoteId }) => compare(remoteId, other.id) === 0)
  }
}

/** Everything that happens in one simulated network. */
export class Simulation {
  readonly random: () => number
  readonly clock: SimulatedClock
  readonly timings: LinkTimings
  readonly budgets: LinkBudgets
  readonly proxies: SimulatedProxy[] = []
  readonly runner: StepRunner
  readonly endOfTurn: (run: () => void) => void
  readonly #latency: () => number
  readonly #primitives: LinkPrimitives

  constructor(seed: number, options: SimulationOptions = {}) {
    const random = seededRandom(seed)
    this.random = random
    this.clock = new SimulatedClock(random)
    this.timings = { ...realTimings, ...options.timings }
    this.budgets = { ...realBudgets, ...options.budgets }
    const { latencyMs = 20, computeMs = 20 } = options
    // Mostly quick, sometimes slow: so that much happens at the same time and much out of the expected order.
    const some = (most: number) => (random() < 0.3 ? 0 : most * random() ** 3)
    this.#latency = () => some(latencyMs)
    this.#primitives = options.primitives ?? fakePrimitives(random)
    this.endOfTurn = run => {
      this.clock.after(0, run)
    }
    this.runner = {
      run: (steps, done, failed) =>
        this.clock.after(some(computeMs), () => {
          let value
          try {
            value = runToEnd(steps)
          } catch (error) {
            failed(error)
            return
          }
          done(value)
        })
    }
  }

  /** A new proxy, with budgets like all others if none are given. */
  proxy(label: string, { budgets }: { budgets?: Partial<LinkBudgets> } = {}): SimulatedProxy {
    const identity = createIdentity(this.#primitives)
    const proxy = new SimulatedProxy(label, this, identity, this.#primitives, { ...this.budgets, ...budgets })
    this.proxies.push(proxy)
    return proxy
  }

  /** Whether the network carries anything between two proxies; a test may replace it. */
  reaches: (from: SimulatedProxy, to: SimulatedProxy) => boolean = () => true
  /** Connections that were made by dialers, the newest last. */
  readonly wires: Wire[] = []

  /** A dialer makes a connection. */
  connect(dialler: SimulatedProxy, { host, port, dialledId }: DialRequest, outcome: DialOutcome): void {
    const listener = this.proxies.find(({ endpoint }) => endpoint.host === host && endpoint.port === port)
    const begun = this.clock.now()
    const attempt = (): void => {
      // TCP repeats its first packet after 1 s.
      if (listener !== undefined && this.reaches(dialler, listener))
        this.clock.after(this.#latency(), () => open(listener))
      else if (this.clock.now() === begun) this.clock.after(1000, attempt)
      else this.clock.after(dialTimings.connectMs - 1000, () => dialler.alive && outcome.ended(false))
    }
    const open = (listener: SimulatedProxy): void => {
      if (!dialler.alive) return
      if (!listener.alive) {
        outcome.ended(true)
        return
      }
      const wire = this.wire()
      this.wires.push(wire)
      this.end(listener, wire.ends[1], {
        role: 'R',
        address: mapKey(dialler.id),
        endpoint: { ...dialler.endpoint, port: 0 }
      })
      const port = wire.ends[0]
      port.onClose = () => this.clock.after(0, () => dialler.alive && outcome.ended(false))
      const link = this.end(dialler, port, {
        role: 'I',
        address: mapKey(listener.id),
        endpoint: { host, port: 1 },
        ...(dialledId === undefined ? {} : { dialledId })
      })
      dialler.outcomes.set(link, outcome)
    }
    attempt()
  }

  /** The process of a proxy ends at once. */
  kill(proxy: SimulatedProxy): void {
    proxy.alive = false
    for (const wire of this.wires)
      for (const [place, end] of wire.ends.entries()) {
        if (end.owner !== proxy || end.closed) continue
        const other = wire.ends[1 - place]!
        end.closed = true
        end.receive = end.ended = () => {}
        this.clock.after(this.#latency(), () => {
          other.closed = true
          other.ended()
        })
      }
  }

  /** A connection without links. */
  wire(): Wire {
    const ends = [new SimulatedPort(this.clock, this.#latency), new SimulatedPort(this.clock, this.#latency)] as const
    ends[0].peer = ends[1]
    ends[1].peer = ends[0]
    return {
      ends,
      cut: () => {
        for (const end of ends) end.cut()
      },
      silence: () => {
        for (const end of ends) end.receive = end.ended = () => {}
      },
      break: (first, second) => {
        ends.forEach((end, place) => {
          if (end.broken) return
          end.broken = true
          const { ended } = end
          end.receive = end.ended = () => {}
          this.clock.after(place === 0 ? first : second, () => {
            if (end.closed) return
            end.closed = true
            ended()
          })
        })
      },
      stall: () => {
        const goOn = ends.map(end => end.stall())
        return () => {
          for (const run of goOn) run()
        }
      }
    }
  }

  /** Makes a link end on one end of a wire. */
  end(
    proxy: SimulatedProxy,
    port: SimulatedPort,
    options: { role: 'I' | 'R'; dialledId?: Uint8Array; address?: string; endpoint?: Endpoint }
  ): Link {
    const link = proxy.mesh.connect({
      role: options.role,
      port,
      address: options.address ?? '10.0.0.1',
      endpoint: options.endpoint ?? { host: 'nowhere', port: 0 },
      dialledId: options.dialledId
    })
    port.owner = proxy
    port.receive = bytes => link.receive(bytes)
    port.ended = () => {
      link.streamEnded()
      port.onClose()
    }
    return link
  }

  /** One proxy dials another. */
  dial(
    dialler: SimulatedProxy,
    listener: SimulatedProxy,
    options: { byId?: boolean } = {}
  ): { wire: Wire; links: [Link, Link] } {
    const wire = this.wire()
    const listening = this.end(listener, wire.ends[1], { role: 'R', address: mapKey(dialler.id) })
    const dialling = this.end(dialler, wire.ends[0], {
      role: 'I',
      address: mapKey(listener.id),
      ...(options.byId === true ? { dialledId: listener.id } : {})
    })
    return { wire, links: [dialling, listening] }
  }

  /** Lets so much time pass. */
  run(ms: number): void {
    this.clock.run(this.clock.now() + ms)
  }

  /** A whole number below `bound`. */
  below(bound: number): number {
    return Math.floor(this.random() * bound)
  }
}

/** Names on which two proxies agree that they are matched, and those on which they should: the missing and the surplus ones. */
export function mismatches(a: SimulatedProxy, b: SimulatedProxy): string[] {
  const faults: string[] = []
  for (const name of new Set([...a.names(), ...b.names()])) {
    const common = a.peers(name).length > 0 && b.peers(name).length > 0
    for (const [here, there] of [
      [a, b],
      [b, a]
    ] as const) {
      const expected = common ? there.peers(name).toSorted() : []
      const found = here.remotes(name).filter(id => id.startsWith(there.label))
      if (expected.join() !== found.join())
        faults.push(`${here.label} sees [${found.join()}] of ${there.label} in ${name}, expected [${expected.join()}]`)
    }
  }
  return faults
}
