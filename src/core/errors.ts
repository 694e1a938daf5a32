// The one catalogue of errors that a user can meet: code, HTTP status, close code, sentence. Not a place for logic;
// docs/ERRORS.md is compared with it by a test. Sentences name the field or limit and what to do, never a channel
// name, key, payload or remote text.

/** One row of the catalogue. */
export interface ErrorDefinition {
  /** HTTP status of an answer that carries this error. */
  readonly status: number
  /** WebSocket close code where the error ends a socket; absent where it never does. */
  readonly close?: number
  /** One sentence: what is wrong and what to do. */
  readonly message: string
}

/** Every error code with its meaning. Close codes: 4000–4499 may reconnect, 4500–4999 must not. */
export const catalogue = {
  // Requests
  NWS_ERR_REQUEST_MALFORMED: { status: 400, message: 'The request is malformed: check its URL, headers and body.' },
  NWS_ERR_REQUEST_NOT_JSON: { status: 400, message: 'The body must be one JSON object.' },
  NWS_ERR_REQUEST_INVALID: {
    status: 400,
    message: 'A field of the request has a value that is not allowed: see /api/openapi.json.'
  },
  NWS_ERR_REQUEST_MEDIA_TYPE: { status: 415, message: 'The body must be sent with Content-Type: application/json.' },
  NWS_ERR_REQUEST_TOO_LARGE: { status: 413, message: 'The body is larger than NWS_MAX_MESSAGE_BYTES allows.' },
  NWS_ERR_REQUEST_URL_TOO_LONG: { status: 414, message: 'The URL is too long.' },
  NWS_ERR_REQUEST_HEADERS_TOO_LARGE: { status: 431, message: 'The headers of the request are too large.' },
  NWS_ERR_REQUEST_TIMEOUT: { status: 408, message: 'The request was not complete within NWS_HANDSHAKE_TIMEOUT_MS.' },
  NWS_ERR_REQUEST_NOT_ACCEPTABLE: { status: 406, message: 'Ask for this resource with Accept: text/event-stream.' },
  NWS_ERR_METHOD_NOT_ALLOWED: { status: 405, message: 'The method is not allowed here.' },
  NWS_ERR_NOT_FOUND: { status: 404, message: 'There is nothing at this address.' },
  NWS_ERR_UPGRADE_REQUIRED: {
    status: 426,
    message:
      'This address is a channel: open it as a WebSocket, for example new WebSocket("ws://localhost:9009/<channel>").'
  },
  NWS_ERR_UPGRADE_REFUSED: {
    status: 404,
    message: 'There is no WebSocket at this address: channels are at ws://localhost:9009/<channel>.'
  },
  NWS_ERR_INTERNAL: {
    status: 500,
    close: 1011,
    message: 'The proxy made a mistake: please report it with the log lines of this moment.'
  },

  // Guard
  NWS_ERR_HOST_NOT_ALLOWED: {
    status: 403,
    message:
      'The Host header is not allowed: use localhost, or add the name to NWS_ALLOWED_HOSTS (NWS_BV_HOSTS at NWS_BV_LISTEN).'
  },
  NWS_ERR_ORIGIN_NOT_ALLOWED: {
    status: 403,
    message: 'Pages of this origin may not join channels: add the origin to NWS_ALLOWED_ORIGINS.'
  },
  NWS_ERR_CROSS_SITE: {
    status: 403,
    message: 'The API answers pages of this proxy and programs that are no browser, not other sites.'
  },
  NWS_ERR_TOKEN_REQUIRED: {
    status: 401,
    close: 4501,
    message: 'This needs the token of NWS_API_TOKEN, as Authorization: Bearer <token>.'
  },

  // Channels and peers
  NWS_ERR_CHANNEL_NAME: {
    status: 404,
    message: 'A channel name has 1 to 255 characters of A-Z a-z 0-9 + = * . _ - and is neither . nor ..'
  },
  NWS_ERR_CHANNEL_NOT_FOUND: { status: 404, message: 'No such channel is open.' },
  NWS_ERR_CHANNEL_FULL: {
    status: 503,
    close: 1013,
    message: 'The channel has as many peers as NWS_MAX_PEERS_PER_CHANNEL allows.'
  },
  NWS_ERR_PEER_NOT_FOUND: { status: 404, message: 'The target is not a peer of this channel.' },
  NWS_ERR_PEER_TAKES_NO_MESSAGES: {
    status: 409,
    message: 'The target speaks raw frames and cannot take a direct message: broadcast instead.'
  },
  NWS_ERR_PEER_TOO_SLOW: {
    status: 503,
    close: 4008,
    message: 'The peer reads too slowly: more than NWS_MAX_QUEUED_BYTES are waiting for it.'
  },
  NWS_ERR_PEER_SILENT: {
    status: 408,
    close: 4009,
    message: 'The peer did not answer a ping within NWS_PEER_TIMEOUT_MS.'
  },
  NWS_ERR_PEER_CLOSED: { status: 409, message: 'The peer has left its channel.' },
  NWS_ERR_PEER_NUMBER: { status: 404, message: 'The id at the end of the URL must have 4 to 19 decimal digits.' },
  NWS_ERR_PEER_NUMBER_TAKEN: {
    status: 409,
    close: 4509,
    message: 'Somebody in the channel has this id: choose another one.'
  },
  NWS_ERR_PEER_NUMBER_ORIGIN: {
    status: 403,
    close: 4504,
    message: 'The other socket with this id belongs to a page of another origin: choose another id.'
  },
  NWS_ERR_DATA_SOCKET_MISSING: {
    status: 408,
    close: 4010,
    message: 'No data socket with the id of this control socket came within NWS_LEGACY_PAIR_TIMEOUT_MS.'
  },
  NWS_ERR_DATA_SOCKET_CLOSED: {
    status: 409,
    close: 1000,
    message: 'The data socket with the id of this control socket has closed.'
  },
  NWS_ERR_JOIN_REFUSED: { status: 403, close: 4503, message: 'An extension refused the peer.' },
  NWS_ERR_JOIN_TOO_MUCH_EARLY_DATA: {
    status: 413,
    close: 1009,
    message: 'More than 64 KiB were sent before the join was decided.'
  },

  // Messages
  NWS_ERR_MESSAGE_NOT_JSON: { status: 400, message: 'The message is not one JSON object.' },
  NWS_ERR_MESSAGE_ACTION: { status: 400, message: 'The action must be "broadcast", "message" or "status".' },
  NWS_ERR_MESSAGE_TARGET: { status: 400, message: 'The target must be the id of a peer, as a string.' },
  NWS_ERR_MESSAGE_DATA: { status: 400, message: 'The message has no data.' },
  NWS_ERR_MESSAGE_TOO_DEEP: {
    status: 400,
    message: 'The data has more arrays and objects open at once than NWS_MAX_DATA_DEPTH allows.'
  },
  NWS_ERR_MESSAGE_BINARY: {
    status: 400,
    message: 'The binary message has a wrong form: op(1) | target length(1) | target | payload.'
  },
  NWS_ERR_MESSAGE_TOO_LARGE: {
    status: 413,
    close: 1009,
    message: 'The message is larger than NWS_MAX_MESSAGE_BYTES allows.'
  },
  NWS_ERR_MESSAGE_TOO_LARGE_FOR_REMOTE: {
    status: 413,
    message: 'The message is larger than the proxy of some remote peers takes: they missed it.'
  },
  NWS_ERR_MESSAGE_NOT_UTF8: { status: 400, close: 1007, message: 'The text message is not valid UTF-8.' },
  NWS_ERR_WEBSOCKET_PROTOCOL: { status: 400, close: 1002, message: 'The client broke the WebSocket protocol.' },

  // Limits
  NWS_ERR_RATE_LIMITED: {
    status: 429,
    close: 4029,
    message:
      'More messages or bytes per second than NWS_MAX_MESSAGES_PER_SECOND and NWS_MAX_BYTES_PER_SECOND allow: not accepted.'
  },
  NWS_ERR_TOO_MANY_CONNECTIONS: {
    status: 503,
    message: 'The proxy has as many connections open as NWS_MAX_CONNECTIONS and the open files of its process allow.'
  },
  NWS_ERR_TOO_MANY_SOCKETS: {
    status: 429,
    close: 1013,
    message: 'The origin has as many sockets open as NWS_MAX_SOCKETS_PER_ORIGIN allows.'
  },
  NWS_ERR_TOO_MANY_CHANNELS: {
    status: 429,
    close: 1013,
    message: 'The origin opened new channels faster than NWS_NEW_CHANNELS_PER_ORIGIN_PER_SECOND allows.'
  },
  NWS_ERR_NOT_READY: {
    status: 503,
    message: 'The proxy runs but should not be given new clients now: it is starting, or has more to do than it can.'
  },
  NWS_ERR_SHUTTING_DOWN: { status: 503, close: 1001, message: 'The proxy is shutting down.' },

  // BoneValue
  NWS_ERR_BV_ORIGIN: {
    status: 403,
    message: 'Pages of this origin may not use the rendezvous: add the origin to NWS_BV_ORIGINS.'
  },
  NWS_ERR_BV_UPGRADE_REQUIRED: {
    status: 426,
    message: 'This address is the rendezvous: open it as a WebSocket, or by $BV.connect of /lib/bonevalue.js.'
  },
  NWS_ERR_BV_LOGIN_FIRST: {
    status: 401,
    close: 4510,
    message: 'The first message must be login, with name and password or with a session, within NWS_AUTH_TIMEOUT_MS.'
  },
  NWS_ERR_BV_LOGIN: {
    status: 403,
    close: 4511,
    message: 'The name or the password is wrong, or the account is disabled.'
  },
  NWS_ERR_BV_SESSION: {
    status: 403,
    close: 4512,
    message: 'The session is unknown, has expired or was revoked: log in with the password.'
  },
  NWS_ERR_BV_DISABLED: { status: 403, close: 4513, message: 'The account was disabled.' },
  NWS_ERR_BV_SLOW_DOWN: { status: 429, close: 4011, message: 'There were too many attempts: try again later.' },
  NWS_ERR_BV_BUSY: { status: 503, close: 1013, message: 'Too many logins are waiting: try again later.' },
  NWS_ERR_BV_TOO_MANY: {
    status: 429,
    close: 1013,
    message: 'There are as many of these as one account or address may have: sockets, open tokens or open invitations.'
  },
  NWS_ERR_BV_MESSAGE: {
    status: 400,
    message: 'The message is no JSON object of a known type, or its data has a wrong form.'
  },
  NWS_ERR_BV_TOO_LARGE: { status: 413, close: 1009, message: 'A message to the rendezvous may have 64 KiB.' },
  NWS_ERR_BV_NO_PEER: { status: 404, message: 'No peer with this id is online that you may talk to.' },
  NWS_ERR_BV_ALIAS: {
    status: 400,
    message:
      'An alias has 1 to 64 characters, no blanks at its ends, is not all digits, and is not "*", "Us" or "message".'
  },
  NWS_ERR_BV_ALIAS_TAKEN: {
    status: 409,
    message: 'Another user of the list has the alias already: choose another one.'
  },
  NWS_ERR_BV_ALIAS_UNKNOWN: { status: 404, message: 'No user of the list has this alias.' },
  NWS_ERR_BV_TOKEN_UNKNOWN: { status: 404, message: 'The token does not exist: check that all of it was copied.' },
  NWS_ERR_BV_TOKEN_EXPIRED: { status: 410, message: 'The token is older than 10 minutes: ask for a new one.' },
  NWS_ERR_BV_TOKEN_USED: { status: 409, message: 'The token was used before: ask for a new one.' },
  NWS_ERR_BV_TOKEN_OWN: { status: 409, message: 'The token is your own: hand it to the other user.' },
  NWS_ERR_BV_INVITE_UNKNOWN: {
    status: 404,
    message: 'The invitation does not exist: check that all of the link was copied.'
  },
  NWS_ERR_BV_INVITE_EXPIRED: { status: 410, message: 'The invitation has expired: ask for a new one.' },
  NWS_ERR_BV_INVITE_USED: { status: 409, message: 'The invitation was used before.' },
  NWS_ERR_BV_NAME: { status: 400, message: 'A login name has 1 to 100 characters and no blanks.' },
  NWS_ERR_BV_NAME_TAKEN: { status: 409, message: 'Somebody has this login name already: choose another one.' },
  NWS_ERR_BV_PASSWORD: { status: 400, message: 'A password has 8 characters at least and 1024 bytes at most.' },
  NWS_ERR_BV_USER_UNKNOWN: { status: 404, message: 'There is no user of this login name.' },
  NWS_ERR_BV_LOCKED: { status: 503, message: 'The accounts are in use by another process: stop it, or ask it.' },
  NWS_ERR_BV_STORE: { status: 500, message: 'The accounts cannot be opened.' },
  NWS_ERR_BV_STARTED: {
    status: 500,
    message:
      'Seams of the rendezvous must be given before the proxy listens: call use() in the plugin function of the extension.'
  },

  // Discovery
  NWS_ERR_DISCOVERY_ADVERTISEMENT: {
    status: 500,
    message: 'An advertisement needs an id of 16 bytes in base32 and a port from 1024 to 65535.'
  },
  NWS_ERR_DISCOVERY_STARTED: {
    status: 500,
    message:
      'Another discovery must be given before the proxy listens: call use() in the plugin function of the extension.'
  },

  // Cluster
  NWS_ERR_CLUSTER_UNREACHABLE: {
    status: 503,
    message:
      'No server of NWS_CLUSTER_URL answers: check the addresses and whether nats-server runs; it is tried again.'
  },
  NWS_ERR_CLUSTER_REFUSED: {
    status: 503,
    message:
      'The NATS server does not accept this proxy: check NWS_CLUSTER_CREDENTIALS, NWS_CLUSTER_TOKEN, or NWS_CLUSTER_USER and NWS_CLUSTER_PASSWORD; it is tried again.'
  },
  NWS_ERR_CLUSTER_TLS: {
    status: 503,
    message:
      'TLS with the NATS server fails: check its certificate, NWS_CLUSTER_TLS_CA, NWS_CLUSTER_TLS_CERT and NWS_CLUSTER_TLS_KEY; it is tried again.'
  },
  NWS_ERR_CLUSTER_PERMISSION: {
    status: 503,
    message: 'The NATS server does not let this proxy publish or subscribe: allow both for the subjects nws.>.'
  },

  // Start and configuration
  NWS_ERR_CONFIG_VALUE: { status: 500, message: 'A setting has a value that is not allowed.' },
  NWS_ERR_CONFIG_UNKNOWN: { status: 500, message: 'A setting of this name does not exist.' },
  NWS_ERR_CONFIG_SERVER_OPTION: {
    status: 500,
    message: 'The Fastify server was not created with the exported serverOptions.'
  },
  NWS_ERR_CONFIG_CLUSTER_SECRET: {
    status: 500,
    message:
      'NWS_CLUSTER_SECRET must be base64 of 32 random bytes or more, or the path of a file with it, two at most: nws cluster secret prints one.'
  },
  NWS_ERR_CONFIG_CLUSTER_FILE: {
    status: 500,
    message: 'A file that a setting of the cluster names cannot be read, or does not hold what it should.'
  },
  NWS_ERR_CONFIG_EXPOSED: { status: 500, message: 'NWS_HOST reaches beyond this machine: set NWS_API_TOKEN too.' },
  NWS_ERR_CONFIG_INSECURE: {
    status: 500,
    message: 'NWS_BV_LISTEN reaches beyond this machine: set NWS_TLS_CERT and NWS_TLS_KEY, or NWS_BV_INSECURE=true.'
  },
  NWS_ERR_LISTEN: { status: 500, message: 'The address cannot be listened on.' },
  NWS_ERR_EXTENSION_PATH: { status: 500, message: 'NWS_EXTENSIONS takes paths of files on this machine, no URLs.' },
  NWS_ERR_EXTENSION_WRITABLE: {
    status: 500,
    message: 'Others than the owner may write the extension or its folder: chmod go-w it.'
  },
  NWS_ERR_EXTENSION_LOAD: { status: 500, message: 'The extension could not be loaded.' },
  NWS_ERR_EXTENSION_ROUTE: {
    status: 500,
    message: 'A route of an extension hides the channel of the same name: give it two path segments or more.'
  }
} as const satisfies Record<string, ErrorDefinition>

/** A code of the catalogue. */
export type ErrorCode = keyof typeof catalogue

/** An error of the catalogue, as thrown and as sent: `code` says which, `message` is its sentence. */
export class NwsError extends Error {
  readonly code: ErrorCode
  readonly statusCode: number

  /**
   * @param code which error of the catalogue
   * @param detail appended to the sentence for the person who starts the proxy; never sent to a client
   */
  constructor(code: ErrorCode, detail?: string) {
    super(detail === undefined ? catalogue[code].message : `${catalogue[code].message} ${detail}`)
    this.name = 'NwsError'
    this.code = code
    this.statusCode = catalogue[code].status
  }
}

/** The catalogue row of a code. */
export function definitionOf(code: ErrorCode): ErrorDefinition {
  return catalogue[code]
}

/** The WebSocket close code of an error that ends a socket; 1008 (policy) where the catalogue names none. */
export function closeCodeOf(code: ErrorCode): number {
  return definitionOf(code).close ?? 1008
}
