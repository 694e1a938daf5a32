// The form of a static peer: `host:port`, as NWS_PEERS lists them and NWS_BV_LISTEN has it. Not a lookup of the host and not the dialling.

/** Where a static peer is. */
export interface PeerAddress {
  /** A host name, an IPv4 address, or an IPv6 address without brackets, with `%scope` where it has one. */
  readonly host: string
  readonly port: number
}

const FORM =
  /^(?:\[([0-9A-Fa-f:.]{2,45}(?:%[\w.-]{1,32})?)\]|([A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?)):(0|[1-9]\d{0,4})$/

/**
 * Reads `host:port`; IPv6 addresses stand in brackets. `undefined` for anything else.
 *
 * @param isToListen whether it is an address to listen on, where port 0 takes a free one
 */
export function parsePeerAddress(text: string, isToListen = false): PeerAddress | undefined {
  const match = FORM.exec(text)
  const port = Number(match?.[3])
  return match === null || port > 65535 || (port === 0 && !isToListen)
    ? undefined
    : { host: match[1] ?? match[2]!, port }
}
