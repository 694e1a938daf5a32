// The DNS records that finding proxies takes, and the names in them. Not a DNS library and no bytes: packets are
// decoded in plugins/discovery/messages.ts.
import { isAdvertisedId } from '../discovery.ts'

/** The service type of proxies. */
export const serviceType = '_nws._tcp.local'

/** What the TXT record of a proxy that speaks link protocol 2 says. */
export const textKey = 'v'
export const textValue = '2'

interface RecordBase {
  /** Owner name in the form of canonicalName(). */
  readonly name: string
  /** Seconds; 0 withdraws the record. */
  readonly ttl: number
  /** Whether the sender says that this is all there is of this name and type (RFC 6762 §10.2). */
  readonly flush: boolean
}

/** A record of a response. Names in `target` are canonical too. */
export type DiscoveryRecord =
  | (RecordBase & { readonly type: 'PTR'; readonly target: string })
  | (RecordBase & { readonly type: 'SRV'; readonly target: string; readonly port: number })
  | (RecordBase & { readonly type: 'TXT'; readonly pairs: ReadonlyMap<string, string> })
  | (RecordBase & { readonly type: 'A' | 'AAAA'; readonly address: string })

/** A question for the network. */
export interface DiscoveryQuestion {
  readonly name: string
  readonly type: 'PTR' | 'SRV' | 'TXT' | 'A' | 'AAAA'
  /** Where whoever can answer listens, as far as that is known. */
  readonly over: 'IPv4' | 'IPv6' | 'both'
}

/** One form for names that DNS holds equal: ASCII letters without case (RFC 4343; other letters keep theirs), no final dot. */
export function canonicalName(name: string): string {
  return name.replace(/\.$/, '').replace(/[A-Z]/g, letter => letter.toLowerCase())
}

/** The id in the name of a service instance; undefined where the name is not that of a proxy. */
export function idOfInstance(name: string): string | undefined {
  const suffix = `.${serviceType}`
  if (!name.endsWith(suffix)) return undefined
  const label = name.slice(0, -suffix.length)
  return isAdvertisedId(label) ? label : undefined
}

/** The name of the service instance of an id. */
export function instanceOf(id: string): string {
  return `${id}.${serviceType}`
}
