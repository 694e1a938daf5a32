// Short sentences for tests of discovery between hosts: starting it on a host, waiting for what it tells. Not the
// network (namespaces.ts) and not the programs.
import { after, type Host, type Program, type ProgramEvent } from './namespaces.ts'
import { needs } from './needs.ts'

/** Options of a test with hosts. */
export const needsHosts = needs('namespaces', 'iptables')

/** Options of the program discover.ts. */
export type DiscoverOptions = Record<string, unknown>

/** A running discovery. */
export interface Discovering extends Program {
  readonly id: string
}

/** Starts discovery on a host and resolves when it runs. */
export async function discover(host: Host, options: DiscoverOptions = {}, ...flags: string[]): Promise<Discovering> {
  const program = host.program('test/support/programs/discover.ts', [JSON.stringify(options), ...flags])
  const { id } = await program.event('started')
  return { ...program, id: id as string }
}

/** Resolves with the first time that `one` finds `other`, with an address where one is given. */
export async function finds(
  one: Discovering,
  other: Discovering,
  address?: string,
  timeoutMs?: number
): Promise<ProgramEvent> {
  const has = (event: ProgramEvent) =>
    event.id === other.id &&
    (address === undefined || (event.addresses as { address: string }[]).some(found => found.address === address))
  return await Promise.race([one.event('found', has, timeoutMs), one.event('updated', has, timeoutMs)])
}

/** Resolves when the status has this state. */
export async function hasState(one: Discovering, state: string, timeoutMs?: number): Promise<ProgramEvent> {
  return await one.event('status', event => event.state === state, timeoutMs)
}

/** Resolves with the first event of a name that comes after another event, and for which the condition holds. */
export async function follows(
  one: Discovering,
  former: ProgramEvent,
  name: string,
  condition: (event: ProgramEvent) => boolean = () => true
): Promise<ProgramEvent> {
  const later = after(one, former)
  return await one.event(name, event => later(event) && condition(event))
}

/** What nothing should have caused. */
export function mishaps(...programs: Program[]): ProgramEvent[] {
  return programs.flatMap(program => program.events.filter(({ event }) => event === 'uncaught'))
}
