// What the library itself can have to say, as code and sentence. Errors of the proxy bring their own. No logic, and
// never a channel name or anything a peer sent.

/** Code → what happened and what to do. */
export const clientErrors = {
  NWS_CLIENT_NOT_RUNNING:
    'Nothing answers at the endpoint. Start Network Web Sockets on this machine (npm start), or set the option "endpoint".',
  NWS_CLIENT_NOT_A_PROXY:
    'Something else answers at the endpoint, or a proxy that does not list this host name in NWS_ALLOWED_HOSTS. Check the option "endpoint".',
  NWS_CLIENT_REFUSED:
    'The proxy runs but refused the connection. Its NWS_ALLOWED_ORIGINS may not list the origin of this page.',
  NWS_CLIENT_PERMISSION_NEEDED:
    'The browser wants the user\'s permission before this page may reach this machine or network, and has not got it. Allow "local network access" for this site; in a frame of another site it needs allow="loopback-network; local-network".',
  NWS_CLIENT_PERMISSION_DENIED:
    'The user or a policy does not allow this page to reach this machine or network. Allow "local network access" in the settings of this site.',
  NWS_CLIENT_INSECURE_PAGE:
    'A page that came over http from another machine may not reach this machine. Serve it over https, or from localhost.',
  NWS_CLIENT_MIXED_CONTENT:
    'The browser blocks ws: from a page that came over https. Use an endpoint with wss:, or open the page from http://localhost.',
  NWS_CLIENT_CONTENT_POLICY:
    'The Content-Security-Policy of this page does not allow the endpoint. Add it to connect-src.',
  NWS_CLIENT_CONNECTION_LOST: 'The connection to the proxy broke off. What was on its way may be lost.',
  NWS_CLIENT_BAD_FRAME: 'The proxy sent something that is no message of this protocol. It was ignored.',
  NWS_CLIENT_UNREADABLE_BLOB: 'A Blob could not be read. It was not sent.'
} as const

/** A code of the library. */
export type ClientErrorCode = keyof typeof clientErrors

/** A code and its sentence; of the library or of the proxy. */
export interface Problem {
  readonly code: string
  readonly message: string
}

/** The problem of a code of the library. */
export function problem(code: ClientErrorCode): Problem {
  return { code, message: clientErrors[code] }
}
