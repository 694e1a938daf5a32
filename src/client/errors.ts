// The errors of the library: code and sentence. Errors of the proxy have their own. No sentence has a channel name or
// anything of a peer in it.

/** Code → sentence. */
export const clientErrors = {
  NWS_CLIENT_NOT_RUNNING:
    'Nothing answers at the endpoint. Start Network Web Sockets on this machine (npm start), or set the option "endpoint".',
  NWS_CLIENT_NOT_A_PROXY:
    'Something else answers at the endpoint, or a proxy that does not list this host name in NWS_ALLOWED_HOSTS. Check the option "endpoint".',
  NWS_CLIENT_REFUSED:
    'The proxy runs but refused the connection. Its NWS_ALLOWED_ORIGINS may not list the origin of this page.',
  NWS_CLIENT_PERMISSION_NEEDED:
    'The user has not allowed this page to reach this machine or network. Allow "local network access" for this site. A frame of another site also needs allow="loopback-network; local-network".',
  NWS_CLIENT_PERMISSION_DENIED:
    'The user or a policy does not allow this page to reach this machine or network. Allow "local network access" in the settings of this site.',
  NWS_CLIENT_INSECURE_PAGE:
    'A page that came over http from another machine may not reach this machine. Serve it over https, or from localhost.',
  NWS_CLIENT_MIXED_CONTENT:
    'The browser blocks ws: from a page that came over https. Use an endpoint with wss:, or open the page from http://localhost.',
  NWS_CLIENT_CONTENT_POLICY:
    'The Content-Security-Policy of this page does not allow the endpoint. Add it to connect-src.',
  NWS_CLIENT_CONNECTION_LOST: 'The connection to the proxy broke. Messages on the way may be lost.',
  NWS_CLIENT_BAD_FRAME: 'The proxy sent an unknown message. The library ignored it.',
  NWS_CLIENT_UNREADABLE_BLOB: 'The library cannot read the Blob, and did not send it.'
} as const

export type ClientErrorCode = keyof typeof clientErrors

/** A code and its sentence, of the library or of the proxy. */
export interface Problem {
  readonly code: string
  readonly message: string
}

/** The problem of a code. @param endpoint takes the place of "the endpoint" in a sentence about its answer */
export function problem(code: ClientErrorCode, endpoint?: string): Problem {
  const message = clientErrors[code]
  return { code, message: endpoint === undefined ? message : message.replace('at the endpoint', `at ${endpoint}`) }
}
