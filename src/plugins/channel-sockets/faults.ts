// Faults that a developer switches on for a test of an application: a slow network, slow readers, and lost connections. A fault
// changes the WebSockets of one channel on this proxy and nothing else.
import type { Scope } from '../../core/channel-name.ts'
import type { Cancel, Clock } from '../../core/clock.ts'
import { NwsError } from '../../core/errors.ts'
import { SlowWrites } from '../../core/hub/slow-writes.ts'
import type { Connection } from './connection.ts'

/** Faults at once. */
const MAX_FAULTS = 8
/** Longest time of a fault, milliseconds. */
const MAX_FAULT_MS = 10 * 60_000

/** The wishes of a developer. Absent members change nothing. */
export interface FaultPlan {
  /** Milliseconds that everything for a client waits. */
  readonly delayMs?: number
  /** Bytes that each client gets per second. */
  readonly readBytesPerSecond?: number
  /** Milliseconds between two cuts of all connections. */
  readonly cutEveryMs?: number
}

/** The channel of a fault. */
export interface FaultPlace {
  readonly name: string
  readonly scope: Scope
  /** Id of a peer that notices nothing, such as the page of the developer. */
  readonly except?: string | undefined
}

/** Callbacks of a fault. */
export interface FaultEvents {
  /** Connections were cut. */
  cut(connections: number): void
  /** The proxy has ended the fault. */
  ended(reason: 'time' | 'shutdown'): void
}

interface Fault {
  readonly place: FaultPlace
  readonly plan: FaultPlan
  readonly events: FaultEvents
  /** Cancels its timers, by what they do. */
  readonly timers: { cut?: Cancel; end?: Cancel }
}

/** One fault that is on. */
export interface FaultHandle {
  /** WebSockets that it concerns now. */
  readonly connections: number
  /** Ends it. Held bytes are written. Idempotent. */
  end(): void
}

const keyOf = ({ name, scope }: Pick<FaultPlace, 'name' | 'scope'>): string => `${scope} ${name}`

export class Faults {
  readonly #faults = new Map<string, Fault>()
  readonly #connections: Iterable<Connection>
  readonly #clock: Clock

  /** @param connections all of this proxy, also later ones */
  constructor(connections: Iterable<Connection>, clock: Clock) {
    this.#connections = connections
    this.#clock = clock
  }

  /** The fault of a channel; undefined: none. */
  planOf(channel: Pick<FaultPlace, 'name' | 'scope'>): FaultPlan | undefined {
    return this.#faults.size === 0 ? undefined : this.#faults.get(keyOf(channel))?.plan
  }

  /**
   * Switches a fault on. It ends with `end`, after 10 minutes, or with the proxy.
   *
   * @throws NwsError `NWS_ERR_FAULT_EXISTS`, `NWS_ERR_FAULT_TOO_MANY`
   */
  begin(place: FaultPlace, plan: FaultPlan, events: FaultEvents): FaultHandle {
    const key = keyOf(place)
    if (this.#faults.has(key)) throw new NwsError('NWS_ERR_FAULT_EXISTS')
    if (this.#faults.size >= MAX_FAULTS) throw new NwsError('NWS_ERR_FAULT_TOO_MANY')
    const fault: Fault = { place, plan, events, timers: {} }
    this.#faults.set(key, fault)
    fault.timers.end = this.#clock.after(MAX_FAULT_MS, () => this.#expire(fault, 'time'))
    const concerned = this.#concerned(fault)
    for (const connection of concerned) this.#slowDown(connection, plan)
    this.#cutLater(fault)
    return { connections: concerned.length, end: () => this.#end(fault) }
  }

  /** A client has joined: the fault of its channel concerns it too. */
  joined(connection: Connection): void {
    if (this.#faults.size === 0) return
    const fault = this.#faults.get(keyOf(connection.peer.channel))
    if (fault !== undefined) this.#slowDown(connection, fault.plan)
  }

  /** Ends all faults. */
  close(): void {
    for (const fault of this.#faults.values()) this.#expire(fault, 'shutdown')
  }

  #slowDown(connection: Connection, { delayMs, readBytesPerSecond }: FaultPlan): void {
    if (delayMs === undefined && readBytesPerSecond === undefined) return
    connection.slowDown(new SlowWrites({ delayMs, bytesPerSecond: readBytesPerSecond }, this.#clock))
  }

  #concerned({ place: { except, ...place } }: Fault): Connection[] {
    const key = keyOf(place)
    return [...this.#connections].filter(
      ({ member }) => member !== undefined && member.id !== except && keyOf(member.channel) === key
    )
  }

  #cutLater(fault: Fault): void {
    const { cutEveryMs } = fault.plan
    if (cutEveryMs === undefined) return
    fault.timers.cut = this.#clock.after(cutEveryMs, () => {
      const concerned = this.#concerned(fault)
      for (const connection of concerned) connection.terminate()
      fault.events.cut(concerned.length)
      this.#cutLater(fault)
    })
  }

  #expire(fault: Fault, reason: 'time' | 'shutdown'): void {
    this.#end(fault)
    fault.events.ended(reason)
  }

  #end(fault: Fault): void {
    const key = keyOf(fault.place)
    if (this.#faults.get(key) !== fault) return
    this.#faults.delete(key)
    fault.timers.cut?.()
    fault.timers.end?.()
    for (const connection of this.#concerned(fault)) connection.slowDown(undefined)
  }
}
