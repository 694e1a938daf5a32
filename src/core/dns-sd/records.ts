// The DNS records of proxies and the names in them. plugins/discovery/messages.ts decodes packets.
import { isAdvertisedId } from '../discovery.ts'
import { SERVICE_TYPE } from './constants.ts'

interface RecordBase {
  /** Owner name in the form of canonicalName(). */
  readonly name: string
  /** Seconds; 0 withdraws the record. */
  readonly ttl: number
  /** Whether the sender claims that these are all records of this name and type (RFC 6762 §10.2). */
  readonly flush: boolean
}

/** A record of a response. Names in `target` are canonical too. */
export type DiscoveryRecord =
  | (RecordBase & { readonly type: 'PTR'; readonly target: string })
  | (RecordBase & { readonly type: 'SRV'; readonly target: string; readonly port: number })
  | (RecordBase & { readonly type: 'TXT'; readonly pairs: ReadonlyMap<string, string> })
  | (RecordBase & { readonly type: 'A' | 'AAAA'; readonly address: string })

export interface DiscoveryQuestion {
  readonly name: string
  readonly type: 'PTR' | 'SRV' | 'TXT' | 'A' | 'AAAA'
  /** How the answering hosts can be reached, as far as known. */
  readonly over: 'IPv4' | 'IPv6' | 'both'
}

/** One spelling of names that are equal in DNS: lower case ASCII letters (RFC 4343), no final dot. */
export function canonicalName(name: string): string {
  return name.replace(/\.$/, '').replace(/[A-Z]/g, letter => letter.toLowerCase())
}

/** The id in the name of a service instance; undefined for names of other services. */
export function idOfInstance(name: string): string | undefined {
  const suffix = `.${SERVICE_TYPE}`
  if (!name.endsWith(suffix)) return undefined
  const label = name.slice(0, -suffix.length)
  return isAdvertisedId(label) ? label : undefined
}

export function instanceOf(id: string): string {
  return `${id}.${SERVICE_TYPE}`
}
