// Proxies on hosts whose network and processes are broken at random for a while, then left in peace: at the end everybody
// knows exactly everybody, and the promises about delivery held all the time. Not a test file: chaos.long.test.ts
// runs it for 90 seconds, `npm run chaos` for minutes.
import {
  after,
  createNetwork,
  type Host,
  type Network,
  type Owner,
  type Program,
  type ProgramEvent
} from '../support/namespaces.ts'
import { seededRandom } from '../support/random.ts'

/** How it is run. */
export interface ChaosOptions {
  readonly hosts: number
  readonly seconds: number
  readonly seed: number
  /**
   * Times of the protocol in the place of its own, so that a short run sees links die and come back. Those that are to stay
   * connected keep its own.
   */
  readonly mesh: { readonly linkTimings?: Record<string, number>; readonly dialTimings?: Record<string, number> }
  /** Time for everybody to find everybody after the last fault. */
  readonly healMs: number
  readonly log: (line: string) => void
}

/** What happened. */
export interface ChaosReport {
  readonly faults: Readonly<Record<string, number>>
  /** Messages that a client must not have heard, and mistakes of its own that a proxy logged. */
  readonly wrong: readonly string[]
  /** Pairs of clients of which neither lost the other from the beginning to the end. */
  readonly stayed: number
  readonly pairs: number
  /** Of those pairs: numbers that one said after the other had heard its first, and numbers of these that were not heard. */
  readonly promised: number
  readonly missing: number
  /** Numbers heard, each checked. */
  readonly heard: number
  readonly healMs: number
}

interface State {
  readonly id: string
  readonly sent: number
  readonly joins: number
  readonly connects: number
  /** Ids that it has lost, also for a while. */
  readonly lost: readonly string[]
  readonly peers: Readonly<Record<string, { readonly first?: number; readonly last?: number; readonly heard: number }>>
}

const CHANNEL = 'chaos'
const INTERVAL_MS = 100
const START_MS = 120_000
const LOOK_MS = 250
/** Hosts that see mild faults only, and so are to stay connected with each other. */
const STEADY = 2
const pause = async (ms: number): Promise<void> => {
  await new Promise(resolve => {
    setTimeout(resolve, ms)
  })
}

/** One host with what runs on it. */
class Machine {
  readonly host: Host
  readonly number: number
  readonly #options: ChaosOptions
  #program: Program | undefined
  #talker: Program | undefined
  #asked = 0
  /** Output of proxies that have ended. */
  #past = ''
  #stopped = false

  constructor(host: Host, number: number, options: ChaosOptions) {
    this.host = host
    this.number = number
    this.#options = options
  }

  get output(): string {
    return this.#past + (this.#program?.output() ?? '')
  }

  async start(): Promise<void> {
    this.#program = this.host.node(
      'test/support/programs/proxy.mjs',
      [JSON.stringify(this.number <= STEADY ? {} : this.#options.mesh)],
      { env: { NODE_OPTIONS: '--import=./test/chaos/clock.mjs', NWS_LOG_LEVEL: 'warn' } }
    )
    this.#stopped = false
    this.#talker ??= this.host.program('test/chaos/talker.ts', [`ws://localhost:9009/${CHANNEL}`, String(INTERVAL_MS)])
    // It joins once for each run of the proxy.
    const later = this.#joined === undefined ? () => true : after(this.#talker, this.#joined)
    this.#joined = await this.#talker.event('joined', later, START_MS)
  }

  #joined: ProgramEvent | undefined

  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const program = this.#program
    if (program === undefined) return
    this.#stopped = true
    await program.kill(signal)
    this.#past += program.output()
    this.#program = undefined
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#program !== undefined && !this.#stopped) process.kill(this.#program.pid, signal)
  }

  send(command: string): void {
    this.#talker?.send({ do: command })
  }

  async state(): Promise<State> {
    const ask = ++this.#asked
    this.#talker!.send({ do: 'state', ask })
    return (await this.#talker!.event('state', event => event.ask === ask, START_MS)) as unknown as State
  }

  wrong(): string[] {
    const heard = this.#talker!.events.filter(({ event }) => event === 'wrong').map(
      event => `host ${this.number}: ${JSON.stringify(event)}`
    )
    const logged = this.output
      .split('\n')
      .filter(line => /"level":[56]0/.test(line))
      .map(line => `proxy ${this.number}: ${line.slice(0, 500)}`)
    return [...heard, ...logged]
  }
}

/** The cables of all hosts, carried by a program. */
async function cable(network: Network): Promise<(host: number, faults: Record<string, unknown>) => void> {
  const [first] = network.hosts
  const switches = first!.namespace.replace(/h\d+$/, 's')
  const inSwitches = (...args: string[]): string => first!.exec('ip', ['netns', 'exec', switches, ...args])
  const ports = network.hosts.map((host, index) => {
    const number = index + 1
    host.exec('python3', ['test/chaos/plain-frames.py', 'eth0'])
    host.cut() // Takes the host's port off the switch; the cable comes between.
    inSwitches('ip', 'link', 'add', `w${number}a`, 'type', 'veth', 'peer', 'name', `w${number}b`)
    inSwitches('ip', 'link', 'set', `w${number}a`, 'up')
    inSwitches('ip', 'link', 'set', `w${number}b`, 'master', 'br0', 'up')
    return `h${number}p0=w${number}a`
  })
  const program = first!.spawn('ip', ['netns', 'exec', switches, 'python3', 'test/chaos/wire.py', ...ports])
  await program.event('ready', () => true, START_MS)
  return (host, faults) => program.send({ host, ...faults })
}

type Fault = (machine: Machine) => Promise<void>

/** Runs it. @param owner whose end removes the network */
export async function runChaos(owner: Owner, options: ChaosOptions): Promise<ChaosReport> {
  const { seconds, seed, log } = options
  const random = seededRandom(seed)
  const between = (low: number, high: number): number => low + random() * (high - low)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const network = await createNetwork(owner, options.hosts)
  const setFaults = await cable(network)
  const machines = network.hosts.map((host, index) => new Machine(host, index + 1, options))
  await Promise.all(machines.map(async machine => await machine.start()))
  await settle(machines, START_MS)
  log(`${machines.length} hosts know each other; breaking things for ${seconds} s (seed ${seed})`)

  const withFaults =
    (faultsOf: () => Record<string, unknown>, low: number, high: number): Fault =>
    async machine => {
      setFaults(machine.number, faultsOf())
      await pause(between(low, high))
      setFaults(machine.number, {})
    }
  const others = (machine: Machine): string[] =>
    machines.filter(other => other !== machine && random() < 0.5).map(({ host }) => host.address)
  const restart =
    (signal: 'SIGKILL' | 'SIGTERM'): Fault =>
    async machine => {
      await machine.kill(signal)
      await pause(between(0, 3000))
      await machine.start()
    }
  /** What may happen to any host, also to those that are to stay connected. */
  const mild: Record<string, Fault> = {
    'lost packets': withFaults(() => ({ loss: between(0.02, 0.15) }), 1000, 4000),
    'delayed and reordered packets': withFaults(() => ({ delay: [0, between(20, 200)] }), 1000, 5000),
    'doubled packets': withFaults(() => ({ double: 0.2, delay: [0, 20] }), 1000, 4000),
    'a wall clock that jumps': async machine => machine.signal('SIGWINCH'),
    'a short silent cut': withFaults(() => ({ cut: true }), 200, 1000)
  }
  const wild: Record<string, Fault> = {
    ...mild,
    'a long silent cut': withFaults(() => ({ cut: true }), 4000, 12_000),
    'a pulled cable': async ({ host }) => {
      host.unplug()
      await pause(between(500, 6000))
      host.plug()
    },
    'an interface that goes down': async ({ host }) => {
      host.down()
      await pause(between(500, 4000))
      host.up()
    },
    'a machine that sleeps': async machine => {
      machine.signal('SIGSTOP')
      await pause(between(1000, 8000))
      machine.signal('SIGCONT')
    },
    'a link that is cut between some': async machine => {
      await withFaults(() => ({ deaf: others(machine) }), 3000, 9000)(machine)
    },
    'a killed proxy': restart('SIGKILL'),
    'a proxy that ends in order': restart('SIGTERM')
  }

  const faults: Record<string, number> = {}
  const end = Date.now() + seconds * 1000
  await Promise.all(
    machines.map(async (machine, index) => {
      const possible = index < STEADY ? mild : wild
      while (Date.now() < end) {
        const name = pick(Object.keys(possible))
        faults[name] = (faults[name] ?? 0) + 1
        await possible[name]!(machine)
        await pause(between(300, 4000))
      }
    })
  )
  const before = Date.now()
  await settle(machines, options.healMs)
  const healMs = Date.now() - before
  log(`everybody knows everybody again after ${healMs} ms`)
  for (const machine of machines) machine.send('pause')
  const states = await agree(machines, options.healMs)
  const stayed = states.flatMap((one, index) =>
    states
      .slice(index + 1)
      .filter(
        other => one.joins === 1 && other.joins === 1 && !one.lost.includes(other.id) && !other.lost.includes(one.id)
      )
      .map(other => [one, other] as const)
  )
  const ways = stayed
    .flatMap(
      ([one, other]) =>
        [
          [one, other],
          [other, one]
        ] as const
    )
    .map(([from, to]) => {
      const { first = 0, heard = 0 } = to.peers[from.id] ?? {}
      return { promised: from.sent - first, heard }
    })
  return {
    faults,
    wrong: machines.flatMap(machine => machine.wrong()),
    stayed: stayed.length,
    pairs: (machines.length * (machines.length - 1)) / 2,
    promised: ways.reduce((sum, { promised }) => sum + promised, 0),
    missing: ways.reduce((sum, { promised, heard }) => sum + promised - heard, 0),
    heard: states.flatMap(({ peers }) => Object.values(peers)).reduce((sum, { heard }) => sum + heard, 0),
    healMs
  }
}

/** Resolves when each client knows exactly the others. */
async function settle(machines: readonly Machine[], patienceMs: number): Promise<void> {
  await until(machines, patienceMs, 'do not know each other', states =>
    states.every(
      ({ id, peers }) =>
        id !== '' &&
        states
          .filter(other => other.id !== id)
          .map(other => other.id)
          .toSorted()
          .join() === Object.keys(peers).toSorted().join()
    )
  )
}

/**
 * Resolves when each has heard the last number of each other one. A fault may be found out only now: who is told that
 * another has come back says one more. Who is not told has been heard, or this does not resolve.
 */
async function agree(machines: readonly Machine[], patienceMs: number): Promise<State[]> {
  let told = (await Promise.all(machines.map(async machine => await machine.state()))).map(({ connects }) => connects) // And what was sent before the pause is counted.
  for (const machine of machines) machine.send('say')
  return await until(machines, patienceMs, 'have not heard everything', states => {
    for (const [place, { connects }] of states.entries()) if (connects > told[place]!) machines[place]!.send('say')
    told = states.map(({ connects }) => connects)
    return states.every(({ id, sent }) => states.every(other => other.id === id || other.peers[id]?.last === sent - 1))
  })
}

async function until(
  machines: readonly Machine[],
  patienceMs: number,
  what: string,
  holds: (states: State[]) => boolean
): Promise<State[]> {
  const end = Date.now() + patienceMs
  for (;;) {
    const states = await Promise.all(machines.map(async machine => await machine.state()))
    if (holds(states)) return states
    if (Date.now() > end)
      throw new Error(
        `they ${what} after ${patienceMs} ms:\n${states.map(state => JSON.stringify(state)).join('\n')}\n${machines.flatMap(machine => machine.wrong()).join('\n')}`
      )
    await pause(LOOK_MS)
  }
}
