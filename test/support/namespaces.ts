// A network of several hosts on one Linux machine: network namespaces joined by bridges, for tests and benchmarks with
// real packets between real processes. Not a simulation, and nothing here touches the machine's own interfaces: the
// bridges live in a namespace of their own.
//
//   const network = await createNetwork(t, 2)
//   const [alice, bob] = network.hosts
//   const proxy = alice.node('dist/server.js', [], { env: { NWS_PORT: '9009' } })     // stdout and stderr: proxy.output()
//   const peer = bob.program('test/support/programs/discover.ts')                      // .ts is bundled, .mjs runs as it is
//   const found = await peer.event('found')                                            // programs print one JSON object a line
//   bob.cut()        // silent: the cable stays in, nothing arrives          bob.heal()
//   bob.unplug()     // the link goes down, as with a pulled cable           bob.plug()
//   bob.loss(30)     // drops 30 % of what arrives                           bob.loss(0)
//   bob.setAddress('10.77.0.99/24'), bob.setAddress(undefined)
//   bob.connect(1)   // a second interface (eth1) in a second LAN
//
// Names carry the pid of the test process. Everything goes away in teardown, at the end of the process, and what a
// killed process left goes away when the next one makes a network.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { leashed } from './leash.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** How long a program may take to print something on a busy machine, unless a test says more. */
const PATIENCE_MS = 60_000
const namesOfRuns = /^nws(\d+)n\d+(?:s|h\d+)$/

/** The needs of a network: tap's `t`, or anything that calls the function in the end. */
export interface Owner {
  teardown: (cleanUp: () => Promise<void> | void) => void
}

/** An object that a program printed as one line of JSON. */
export interface ProgramEvent {
  readonly event: string
  readonly [key: string]: unknown
}

/** A process in a host. */
export interface Program {
  readonly pid: number
  /** Everything written to stdout and stderr so far. */
  output: () => string
  /** Every event so far. */
  readonly events: readonly ProgramEvent[]
  /** Resolves with the first event of this name for which the condition holds, also one that was printed before; rejects when the program ends or after the time. */
  event: (name: string, condition?: (event: ProgramEvent) => boolean, timeoutMs?: number) => Promise<ProgramEvent>
  /** Resolves when the output matches; rejects when the program ends or after the time. */
  printed: (pattern: RegExp, timeoutMs?: number) => Promise<RegExpExecArray>
  /** Writes one line of JSON to its stdin. */
  send: (message: unknown) => void
  /** Ends the program (SIGTERM unless told otherwise) and resolves when it is gone. */
  kill: (signal?: NodeJS.Signals) => Promise<void>
  /** Resolves with the exit code, or the signal. */
  readonly ended: Promise<number | NodeJS.Signals>
}

/** How a process is started. */
export interface SpawnOptions {
  /** Added to the environment of the test process. */
  env?: Record<string, string>
  cwd?: string
}

/** A machine in the network. */
export interface Host {
  /** Name of its namespace. */
  readonly namespace: string
  /** IPv4 address of eth0, without prefix length; empty while it has none. */
  readonly address: string
  /** Runs a command to its end and returns its stdout. @throws with stderr when it fails */
  exec: (command: string, args?: readonly string[]) => string
  /** Starts any command. */
  spawn: (command: string, args?: readonly string[], options?: SpawnOptions) => Program
  /** Starts Node with a script, the path relative to the project. */
  node: (script: string, args?: readonly string[], options?: SpawnOptions) => Program
  /** Starts a TypeScript or .mjs program of the project; TypeScript is bundled first. */
  program: (script: string, args?: readonly string[], options?: SpawnOptions) => Program
  /**
   * Adds an interface in the LAN of that number, eth<segment> unless named; returns its address. `up: false` leaves it
   * down and without address. The other methods reach only eth<segment>.
   */
  connect: (segment: number, options?: { up?: boolean; address?: string; name?: string }) => string
  /** Removes an interface as if a card were pulled out. */
  disconnect: (segment: number) => void
  /** Brings an interface down and up again (`ip link set`). */
  down: (segment?: number) => void
  up: (segment?: number) => void
  /** Stops all packets to and from the host without any sign of it on the host. */
  cut: (segment?: number) => void
  heal: (segment?: number) => void
  /** Takes the carrier away, as a pulled cable does. */
  unplug: (segment?: number) => void
  plug: (segment?: number) => void
  /** Replaces the IPv4 address (with prefix length) of an interface; undefined leaves it without. */
  setAddress: (address: string | undefined, segment?: number) => void
  /** Drops this share of the arriving packets; 0 ends it. */
  loss: (percent: number) => void
}

/** Several hosts and the switches between them. */
export interface Network {
  readonly hosts: readonly Host[]
  addHost: (options?: HostOptions) => Host
  /** Removes everything; teardown does so by itself. */
  close: () => Promise<void>
}

/** How a host starts. */
export interface HostOptions {
  /** LANs it is connected to from the start; default [0]. */
  segments?: readonly number[]
  /** false: interfaces stay down and without address. */
  up?: boolean
  /** IPv4 address with prefix length for eth0, `none` for no IPv4 at all; default 10.77.<segment>.<host>/24. */
  address?: string
}

function ip(...args: string[]): string {
  return run('ip', args)
}

function run(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    const stderr = (error as { stderr?: string }).stderr ?? ''
    throw new Error(`${command} ${args.join(' ')}: ${stderr.trim() || String(error)}`, { cause: error })
  }
}

let unavailable: string | undefined

/** Why networks cannot be made here, in one sentence; undefined when they can. Tried out once by making a namespace. */
export function namespacesUnavailable(): string | undefined {
  unavailable ??= tryOut()
  return unavailable === '' ? undefined : unavailable
}

function tryOut(): string {
  if (process.platform !== 'linux') return 'they are a feature of Linux'
  if (process.getuid?.() !== 0) return 'the tests do not run as root'
  if (!existsSync('/usr/sbin/ip') && !existsSync('/sbin/ip'))
    return 'iproute2 is not installed (apt-get install -y iproute2)'
  const name = `nws${process.pid}n0s`
  try {
    ip('netns', 'add', name)
    ip('-n', name, 'link', 'add', 'br0', 'type', 'bridge')
    return ''
  } catch (error) {
    return (error as Error).message
  } finally {
    removeNamespace(name)
  }
}

/** Kills what runs in a namespace and removes it; silent when there is none. */
function removeNamespace(name: string): void {
  try {
    for (const pid of ip('netns', 'pids', name).split('\n').filter(Boolean)) {
      try {
        process.kill(Number(pid), 'SIGKILL')
      } catch {
        /* it has ended by itself */
      }
    }
    ip('netns', 'del', name)
  } catch {
    /* there is none */
  }
}

/** Removes what test processes left that were killed before they could clean up. */
function reap(): void {
  if (!existsSync('/run/netns')) return
  for (const name of readdirSync('/run/netns')) {
    const pid = Number(namesOfRuns.exec(name)?.[1] ?? 0)
    if (pid !== 0 && !existsSync(`/proc/${pid}`)) removeNamespace(name)
  }
}

const bundles = new Map<string, string>()

/** Bundles a TypeScript program (packages stay outside) and returns the path of the result. */
function bundle(script: string): string {
  const entry = script.startsWith('/') ? script : `${root}${script}`
  if (!entry.endsWith('.ts')) return entry
  let outfile = bundles.get(entry)
  if (outfile === undefined) {
    const directory = `${root}node_modules/.cache/nws-programs`
    mkdirSync(directory, { recursive: true })
    outfile = `${directory}/${createHash('sha256').update(entry).digest('hex').slice(0, 12)}-${process.pid}.mjs`
    buildSync({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      packages: 'external',
      logLevel: 'error'
    })
    const written = outfile
    process.once('exit', () => {
      rmSync(written, { force: true })
    })
    bundles.set(entry, outfile)
  }
  return outfile
}

/** Starts a process and follows its output. */
function startProgram(command: string, args: readonly string[], options: SpawnOptions): Program {
  const child: ChildProcess = spawn(...leashed(command, args), {
    cwd: options.cwd ?? root,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe']
  })
  const events: ProgramEvent[] = []
  const waiting = new Set<() => void>()
  let text = ''
  let exit: number | NodeJS.Signals | undefined
  const wake = () => {
    for (const check of waiting) check()
  }
  const take = (line: string) => {
    text += `${line}\n`
    if (line.startsWith('{')) {
      try {
        const value = JSON.parse(line) as ProgramEvent
        if (typeof value.event === 'string') events.push(value)
      } catch {
        /* a line that only begins like JSON */
      }
    }
    wake()
  }
  createInterface({ input: child.stdout! }).on('line', take)
  createInterface({ input: child.stderr! }).on('line', take)
  child.stdin!.on('error', () => {}) // it ended while being written to: `ended` tells
  const ended = new Promise<number | NodeJS.Signals>(resolve => {
    child.once('error', error => {
      text += `${error.message}\n`
    })
    child.once('close', (code, signal) => {
      exit = signal ?? code ?? 1
      resolve(exit)
      wake()
    })
  })

  async function until<T>(find: () => T | null | undefined, what: string, timeoutMs: number): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      const finish = (action: () => void) => {
        clearTimeout(timer)
        waiting.delete(check)
        action()
      }
      const check = () => {
        const value = find()
        if (value !== null && value !== undefined)
          finish(() => {
            resolve(value)
          })
        else if (exit !== undefined)
          finish(() => {
            reject(new Error(`the program ended (${exit}) before ${what}:\n${text.slice(-2000)}`))
          })
      }
      const timer = setTimeout(() => {
        finish(() => {
          reject(new Error(`no ${what} within ${timeoutMs} ms:\n${text.slice(-2000)}`))
        })
      }, timeoutMs)
      waiting.add(check)
      check()
    })
  }

  return {
    pid: child.pid ?? 0,
    output: () => text,
    events,
    event: async (name, condition = () => true, timeoutMs = PATIENCE_MS) => {
      // Each event is looked at once: a test may wait through thousands of large ones.
      let looked = 0
      const find = () => {
        while (looked < events.length) {
          const event = events[looked++]!
          if (event.event === name && condition(event)) return event
        }
        return undefined
      }
      return await until(find, `event ${name}`, timeoutMs)
    },
    printed: async (pattern, timeoutMs = PATIENCE_MS) =>
      await until(() => pattern.exec(text), `output ${String(pattern)}`, timeoutMs),
    send: message => {
      child.stdin!.write(`${JSON.stringify(message)}\n`)
    },
    kill: async (signal = 'SIGTERM') => {
      if (exit === undefined) child.kill(signal)
      await ended
    },
    ended
  }
}

/**
 * A condition for `program.event`: printed later than this event. Not "later than now": what a program has printed by now
 * is not what has been read of it, so that a count taken now may be short of events that have happened.
 */
export function after(program: Pick<Program, 'events'>, event: ProgramEvent): (other: ProgramEvent) => boolean {
  const place = program.events.indexOf(event)
  return other => program.events.indexOf(other) > place
}

let networks = 0

/**
 * Makes a network of so many hosts, each with eth0 in one common LAN, or of hosts as described.
 * @throws where namespaces cannot be made: ask namespacesUnavailable() first
 */
export async function createNetwork(owner: Owner, hosts: number | readonly HostOptions[]): Promise<Network> {
  const reason = namespacesUnavailable()
  if (reason !== undefined) throw new Error(`network namespaces cannot be made: ${reason}`)
  reap()
  networks += 1
  const prefix = `nws${process.pid}n${networks}`
  const switches = `${prefix}s`
  const namespaces: string[] = [switches]
  const programs = new Set<Program>()
  const segments = new Set<number>()
  const list: Host[] = []

  const removeAll = () => {
    for (const name of namespaces.splice(0).reverse()) removeNamespace(name)
    process.off('exit', removeAll)
  }
  const close = async () => {
    removeAll() // kills what runs in them
    await Promise.all([...programs].map(async program => await program.kill('SIGKILL')))
    programs.clear()
  }
  process.on('exit', removeAll)
  owner.teardown(close)
  ip('netns', 'add', switches)

  function addSegment(segment: number): void {
    if (segments.has(segment)) return
    segments.add(segment)
    // Snooping off: without a querier a bridge would forget multicast groups. No spanning tree, no forwarding delay.
    ip(
      '-n',
      switches,
      'link',
      'add',
      `br${segment}`,
      'type',
      'bridge',
      'mcast_snooping',
      '0',
      'forward_delay',
      '0',
      'stp_state',
      '0'
    )
    ip('-n', switches, 'link', 'set', `br${segment}`, 'up')
  }

  function addHost(options: HostOptions = {}): Host {
    const index = list.length + 1
    const namespace = `${prefix}h${index}`
    const addresses = new Map<number, string>()
    const port = (segment: number) => `h${index}p${segment}`
    const inside = (...args: string[]) => ip('-n', namespace, ...args)
    const exec = (command: string, args: readonly string[] = []) =>
      run('ip', ['netns', 'exec', namespace, command, ...args])
    ip('netns', 'add', namespace)
    namespaces.push(namespace)
    exec('sysctl', ['-qw', 'net.ipv6.conf.all.accept_dad=0', 'net.ipv6.conf.default.accept_dad=0']) // no wait for link-local addresses
    inside('link', 'set', 'lo', 'up')

    const host: Host = {
      namespace,
      get address() {
        return (addresses.get(0) ?? [...addresses.values()][0] ?? '').replace(/\/.*/, '')
      },
      exec,
      spawn: (command, args = [], options = {}) => {
        const program = startProgram('ip', ['netns', 'exec', namespace, command, ...args], options)
        programs.add(program)
        return program
      },
      node: (script, args = [], options = {}) => host.spawn(process.execPath, [script, ...args], options),
      program: (script, args = [], options = {}) => host.node(bundle(script), args, options),
      connect: (segment, { up = true, address = `10.77.${segment}.${index}/24`, name = `eth${segment}` } = {}) => {
        addSegment(segment)
        const plug = name === `eth${segment}` ? port(segment) : `h${index}${name}`
        ip('-n', switches, 'link', 'add', plug, 'type', 'veth', 'peer', 'name', name, 'netns', namespace)
        ip('-n', switches, 'link', 'set', plug, 'master', `br${segment}`, 'up')
        if (!up) return ''
        inside('link', 'set', name, 'up')
        if (name !== `eth${segment}`) inside('address', 'add', address, 'brd', '+', 'dev', name)
        else host.setAddress(address === 'none' ? undefined : address, segment)
        return address.replace(/\/.*/, '')
      },
      disconnect: segment => {
        ip('-n', switches, 'link', 'del', port(segment))
      },
      down: (segment = 0) => {
        inside('link', 'set', `eth${segment}`, 'down')
      },
      up: (segment = 0) => {
        inside('link', 'set', `eth${segment}`, 'up')
      },
      cut: (segment = 0) => {
        ip('-n', switches, 'link', 'set', port(segment), 'nomaster')
      },
      heal: (segment = 0) => {
        ip('-n', switches, 'link', 'set', port(segment), 'master', `br${segment}`)
      },
      unplug: (segment = 0) => {
        ip('-n', switches, 'link', 'set', port(segment), 'down')
      },
      plug: (segment = 0) => {
        ip('-n', switches, 'link', 'set', port(segment), 'up')
      },
      setAddress: (address, segment = 0) => {
        inside('-4', 'address', 'flush', 'dev', `eth${segment}`)
        addresses.delete(segment)
        if (address === undefined) return
        inside('address', 'add', address, 'brd', '+', 'dev', `eth${segment}`)
        addresses.set(segment, address)
      },
      loss: percent => {
        exec('iptables', ['-w', '-F', 'INPUT'])
        if (percent > 0) {
          // Packets of the host to itself (multicast comes back to its sender) never crossed the network.
          exec('iptables', [
            '-w',
            '-A',
            'INPUT',
            '!',
            '-i',
            'lo',
            '-m',
            'addrtype',
            '!',
            '--src-type',
            'LOCAL',
            '-m',
            'statistic',
            '--mode',
            'random',
            '--probability',
            String(percent / 100),
            '-j',
            'DROP'
          ])
        }
      }
    }
    list.push(host)
    for (const segment of options.segments ?? [0]) {
      host.connect(segment, {
        up: options.up ?? true,
        ...(segment === 0 && options.address !== undefined ? { address: options.address } : {})
      })
    }
    return host
  }

  for (const options of typeof hosts === 'number' ? Array.from({ length: hosts }, () => ({})) : hosts) addHost(options)
  return { hosts: list, addHost, close }
}
