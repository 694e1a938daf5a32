// Addresses of the form `host:port`, as in NWS_PEERS and NWS_BV_LISTEN.

/** A host and a port. */
export interface PeerAddress {
  /** A host name, an IPv4 address, or an IPv6 address without brackets, perhaps with `%scope`. */
  readonly host: string
  readonly port: number
}

const FORM =
  /^(?:\[([0-9A-Fa-f:.]{2,45}(?:%[\w.-]{1,32})?)\]|([A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?)):(0|[1-9]\d{0,4})$/

/**
 * Reads `host:port`, with an IPv6 address in brackets; undefined for anything else.
 *
 * @param isToListen allows port 0, which takes a free one
 */
export function parsePeerAddress(text: string, isToListen = false): PeerAddress | undefined {
  const match = FORM.exec(text)
  const port = Number(match?.[3])
  return match === null || port > 65535 || (port === 0 && !isToListen)
    ? undefined
    : { host: match[1] ?? match[2]!, port }
}
