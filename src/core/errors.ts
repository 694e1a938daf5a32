// The one catalogue of errors that users meet: code, HTTP status, close code, sentence. A sentence names the problem and
// the remedy. It never contains a channel name, a key, a payload or a text of a remote.

/** One row of the catalogue. */
export interface ErrorDefinition {
  /** HTTP status of an answer that carries this error. */
  readonly status: number
  /** WebSocket close code, if the error can end a socket. */
  readonly close?: number
  /** The problem, and the remedy. */
  readonly message: string
}

/** Every error. After close codes 4000–4499 a client may reconnect, after 4500–4999 it must not. */
export const catalogue = {
  // Requests
  NWS_ERR_REQUEST_MALFORMED: { status: 400, message: 'The request is malformed. Check its URL, headers and body.' },
  NWS_ERR_REQUEST_NOT_JSON: { status: 400, message: 'The body must be one JSON object.' },
  NWS_ERR_REQUEST_INVALID: {
    status: 400,
    message: 'A field of the request has a wrong value. /api/openapi.json says what is allowed.'
  },
  NWS_ERR_REQUEST_MEDIA_TYPE: { status: 415, message: 'The request needs Content-Type: application/json.' },
  NWS_ERR_REQUEST_TOO_LARGE: { status: 413, message: 'The body is larger than NWS_MAX_MESSAGE_BYTES allows.' },
  NWS_ERR_REQUEST_URL_TOO_LONG: { status: 414, message: 'The URL is too long.' },
  NWS_ERR_REQUEST_HEADERS_TOO_LARGE: { status: 431, message: 'The headers of the request are too large.' },
  NWS_ERR_REQUEST_TIMEOUT: { status: 408, message: 'The request was not complete within NWS_HANDSHAKE_TIMEOUT_MS.' },
  NWS_ERR_REQUEST_NOT_ACCEPTABLE: { status: 406, message: 'The request needs Accept: text/event-stream.' },
  NWS_ERR_METHOD_NOT_ALLOWED: { status: 405, message: 'This address does not allow the method.' },
  NWS_ERR_NOT_FOUND: { status: 404, message: 'This address does not exist.' },
  NWS_ERR_UPGRADE_REQUIRED: {
    status: 426,
    message:
      'This address is a channel. Open it as a WebSocket, for example new WebSocket("ws://localhost:9009/<channel>").'
  },
  NWS_ERR_UPGRADE_REFUSED: {
    status: 404,
    message: 'This address takes no WebSocket. Channels are at ws://localhost:9009/<channel>.'
  },
  NWS_ERR_INTERNAL: {
    status: 500,
    close: 1011,
    message: 'The proxy made a mistake. Please report it with the log lines of this moment.'
  },

  // Guard
  NWS_ERR_HOST_NOT_ALLOWED: {
    status: 403,
    message:
      'The Host header is not allowed. Use localhost, or add the name to NWS_ALLOWED_HOSTS (for NWS_BV_LISTEN: NWS_BV_HOSTS).'
  },
  NWS_ERR_ORIGIN_NOT_ALLOWED: {
    status: 403,
    message: 'Pages of this origin may not join channels. Add the origin to NWS_ALLOWED_ORIGINS.'
  },
  NWS_ERR_CROSS_SITE: {
    status: 403,
    message: 'The API answers pages of this proxy and programs, but not pages of other sites.'
  },
  NWS_ERR_TOKEN_REQUIRED: {
    status: 401,
    close: 4501,
    message:
      'The token of this proxy (NWS_API_TOKEN) is missing or wrong. Requests send it as Authorization: Bearer <token>, sockets in their first message.'
  },
  NWS_ERR_TOKEN_TRIES: {
    status: 429,
    close: 4430,
    message: 'Too many wrong tokens came from this address: wait some seconds, then try again.'
  },

  // Channels and peers
  NWS_ERR_CHANNEL_NAME: {
    status: 404,
    message: 'A channel name has 1 to 255 characters of A-Z a-z 0-9 + = * . _ - and is neither . nor ..'
  },
  NWS_ERR_CHANNEL_NOT_FOUND: { status: 404, message: 'The channel is not open.' },
  NWS_ERR_CHANNEL_FULL: {
    status: 503,
    close: 1013,
    message: 'The channel has as many peers as NWS_MAX_PEERS_PER_CHANNEL allows.'
  },
  NWS_ERR_PEER_NOT_FOUND: { status: 404, message: 'The target is not a peer of this channel.' },
  NWS_ERR_PEER_TAKES_NO_MESSAGES: {
    status: 409,
    message: 'The target speaks raw frames and cannot get direct messages. Send a broadcast.'
  },
  NWS_ERR_PEER_TOO_SLOW: {
    status: 503,
    close: 4008,
    message: 'The peer reads too slowly. More than NWS_MAX_QUEUED_BYTES wait for it.'
  },
  NWS_ERR_MESSAGE_UNFINISHED: {
    status: 503,
    close: 4014,
    message:
      'NWS_MAX_TOTAL_QUEUED_BYTES are in use, and an unfinished message of this client holds the most. Send it again later.'
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
    message: 'Another peer in the channel has this id. Choose another one.'
  },
  NWS_ERR_PEER_NUMBER_ORIGIN: {
    status: 403,
    close: 4504,
    message: 'The other socket with this id belongs to a page of another origin. Choose another id.'
  },
  NWS_ERR_DATA_SOCKET_MISSING: {
    status: 408,
    close: 4010,
    message: 'The data socket with the id of this control socket did not come within NWS_LEGACY_PAIR_TIMEOUT_MS.'
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
    message: 'The client sent more than 64 KiB before its join was decided.'
  },

  // Messages
  NWS_ERR_MESSAGE_NOT_JSON: { status: 400, message: 'The message must be one JSON object.' },
  NWS_ERR_MESSAGE_ACTION: { status: 400, message: 'The action must be "broadcast", "message" or "status".' },
  NWS_ERR_MESSAGE_RESUME: {
    status: 400,
    message: 'A resume message needs the number of received messages, and to come back a token too.'
  },
  NWS_ERR_RESUME_GONE: {
    status: 410,
    close: 4013,
    message: 'The membership has ended, or too many messages were missed. Join again.'
  },
  NWS_ERR_MESSAGE_TARGET: { status: 400, message: 'The target must be the id of a peer, as a string.' },
  NWS_ERR_MESSAGE_DATA: { status: 400, message: 'The message needs data.' },
  NWS_ERR_MESSAGE_TOO_DEEP: {
    status: 400,
    message: 'The data has more nested arrays and objects than NWS_MAX_DATA_DEPTH allows.'
  },
  NWS_ERR_MESSAGE_BINARY: {
    status: 400,
    message: 'The binary message must have the form op(1) | target length(1) | target | payload.'
  },
  NWS_ERR_MESSAGE_TOO_LARGE: {
    status: 413,
    close: 1009,
    message: 'The message is larger than NWS_MAX_MESSAGE_BYTES allows.'
  },
  NWS_ERR_MESSAGE_TOO_LARGE_FOR_REMOTE: {
    status: 413,
    message: 'The message is larger than the proxies of some remote peers allow. These peers missed it.'
  },
  NWS_ERR_MESSAGE_NOT_UTF8: { status: 400, close: 1007, message: 'The text message must be valid UTF-8.' },
  NWS_ERR_WEBSOCKET_PROTOCOL: { status: 400, close: 1002, message: 'The client broke the WebSocket protocol.' },

  // Limits
  NWS_ERR_RATE_LIMITED: {
    status: 429,
    close: 4029,
    message:
      'The client sends more per second than NWS_MAX_MESSAGES_PER_SECOND and NWS_MAX_BYTES_PER_SECOND allow. The message was not accepted.'
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
    message:
      'The origin opened new channels faster than NWS_NEW_CHANNELS_PER_ORIGIN_BURST and NWS_NEW_CHANNELS_PER_ORIGIN_PER_SECOND allow.'
  },
  NWS_ERR_FAULT_EXISTS: { status: 409, message: 'The channel has a fault for developers already. End it first.' },
  NWS_ERR_FAULT_TOO_MANY: { status: 409, message: 'The proxy has 8 faults for developers already. End one first.' },
  NWS_ERR_NOT_READY: {
    status: 503,
    message: 'The proxy should not get new clients now. It is starting, or it is overloaded.'
  },
  NWS_ERR_SHUTTING_DOWN: { status: 503, close: 1001, message: 'The proxy is shutting down.' },

  // The name of this computer
  NWS_ERR_NAME: {
    status: 400,
    message:
      'The name of a computer has at most 64 bytes. It has no control or invisible characters, and no blanks at its ends.'
  },
  NWS_ERR_NAME_SETTING: { status: 409, message: 'NWS_NAME names this computer. Change the setting instead.' },
  NWS_ERR_NAME_NOT_KEPT: { status: 500, message: 'The proxy cannot write the name into NWS_DATA_DIR.' },

  // BoneValue
  NWS_ERR_BV_OTHER_MACHINE: {
    status: 403,
    message: 'At this address the rendezvous is for this machine only. NWS_BV_LISTEN opens it to other machines.'
  },
  NWS_ERR_BV_ORIGIN: {
    status: 403,
    message: 'Pages of this origin may not use the rendezvous. Add the origin to NWS_BV_ORIGINS.'
  },
  NWS_ERR_BV_UPGRADE_REQUIRED: {
    status: 426,
    message: 'This address is the rendezvous. Open it as a WebSocket, or call $BV.connect of /lib/bonevalue.js.'
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
    message: 'The session is unknown, has expired or was revoked. Log in with the password.'
  },
  NWS_ERR_BV_DISABLED: { status: 403, close: 4513, message: 'The account was disabled.' },
  NWS_ERR_BV_DELETED: { status: 410, close: 4514, message: 'The account was deleted.' },
  NWS_ERR_BV_ELSEWHERE: {
    status: 409,
    message: 'The passwords of this rendezvous are kept elsewhere. Change yours there.'
  },
  NWS_ERR_BV_SLOW_DOWN: { status: 429, close: 4011, message: 'The client made too many attempts. Try again later.' },
  NWS_ERR_BV_BUSY: { status: 503, close: 1013, message: 'Too many logins are waiting. Try again later.' },
  NWS_ERR_BV_TOO_MANY: {
    status: 429,
    close: 1013,
    message: 'The account or address has too many sockets, open tokens or open invitations.'
  },
  NWS_ERR_BV_MESSAGE: {
    status: 400,
    message: 'The message must be a JSON object of a known type, with data of the right form.'
  },
  NWS_ERR_BV_TOO_LARGE: { status: 413, close: 1009, message: 'A message to the rendezvous may have at most 64 KiB.' },
  NWS_ERR_BV_NO_PEER: { status: 404, message: 'The peer is not online, or you may not talk to it.' },
  NWS_ERR_BV_ALIAS: {
    status: 400,
    message: 'An alias has 1 to 64 characters, and no blanks at its ends. It is not a number, "*", "Us" or "message".'
  },
  NWS_ERR_BV_ALIAS_TAKEN: {
    status: 409,
    message: 'Another user of the list has this alias. Choose another one.'
  },
  NWS_ERR_BV_ALIAS_UNKNOWN: { status: 404, message: 'No user of the list has this alias.' },
  NWS_ERR_BV_TOKEN_UNKNOWN: { status: 404, message: 'The token does not exist. Check that you copied all of it.' },
  NWS_ERR_BV_TOKEN_EXPIRED: { status: 410, message: 'The token is older than 10 minutes. Ask for a new one.' },
  NWS_ERR_BV_TOKEN_USED: { status: 409, message: 'The token was used before. Ask for a new one.' },
  NWS_ERR_BV_TOKEN_OWN: { status: 409, message: 'The token is your own. Give it to the other user.' },
  NWS_ERR_BV_INVITE_UNKNOWN: {
    status: 404,
    message: 'The invitation does not exist. Check that you copied all of the link.'
  },
  NWS_ERR_BV_INVITE_EXPIRED: { status: 410, message: 'The invitation has expired. Ask for a new one.' },
  NWS_ERR_BV_INVITE_USED: { status: 409, message: 'The invitation was used before.' },
  NWS_ERR_BV_NAME: { status: 400, message: 'A login name has 1 to 100 characters and no blanks.' },
  NWS_ERR_BV_NAME_TAKEN: {
    status: 409,
    message: 'Another user has this login name, or one that looks like it. Choose another one.'
  },
  NWS_ERR_BV_PASSWORD: { status: 400, message: 'A password has at least 8 characters and at most 1024 bytes.' },
  NWS_ERR_BV_USER_UNKNOWN: { status: 404, message: 'No user has this login name.' },
  NWS_ERR_BV_LOCKED: { status: 503, close: 1013, message: 'Another process uses the accounts. Stop it, or ask it.' },
  NWS_ERR_BV_STORE: { status: 500, close: 1013, message: 'The proxy cannot read or write the accounts.' },
  NWS_ERR_BV_STARTED: {
    status: 500,
    message:
      'Parts of the rendezvous cannot be replaced after the proxy listens. Call use() in the plugin function of the extension.'
  },

  // Guests
  NWS_ERR_GUEST_OVER: { status: 410, close: 4514, message: 'The invitation is over. Ask for a new one.' },
  NWS_ERR_GUEST_REMOVED: { status: 403, close: 4515, message: 'The host has removed you from the channel.' },
  NWS_ERR_GUEST_SECRET: {
    status: 403,
    close: 4516,
    message: 'The link does not fit the invitation. Scan the code again.'
  },
  NWS_ERR_GUEST_FULL: {
    status: 503,
    close: 4012,
    message: 'All places of the invitation are taken. Wait until a guest leaves, or ask for another invitation.'
  },
  NWS_ERR_GUEST_TRIES: {
    status: 429,
    close: 4031,
    message: 'Too many wrong links came from this address: wait some seconds, then try again.'
  },
  NWS_ERR_GUEST_CONNECTIONS: {
    status: 503,
    close: 1013,
    message:
      'Guests have as many sockets open as NWS_GUEST_MAX_CONNECTIONS and NWS_GUEST_MAX_CONNECTIONS_PER_ADDRESS allow.'
  },
  NWS_ERR_GUEST_PROTOCOL: { status: 400, close: 1008, message: 'The guest broke the protocol of guests.' },
  NWS_ERR_GUEST_ADDRESS: {
    status: 409,
    message:
      'This computer has no private address that a phone can reach. Connect it to a network, or set NWS_GUEST_HOST.'
  },
  NWS_ERR_GUEST_PAGE: {
    status: 400,
    message: 'No page for guests has this name. It is start, the name of an example, or app with NWS_GUEST_APP.'
  },
  NWS_ERR_GUEST_APP: {
    status: 400,
    message:
      'The address of your own pages must begin with http://127.0.0.1: or http://localhost:, and page must be app.'
  },
  NWS_ERR_GUEST_INVITATIONS: { status: 409, message: 'As many invitations are open as possible. Close one.' },
  NWS_ERR_GUEST_INVITATION: { status: 404, message: 'No invitation with this id is open.' },
  NWS_ERR_GUEST_UNKNOWN: { status: 404, message: 'No guest of the invitation has this id.' },

  // Discovery
  NWS_ERR_DISCOVERY_ADVERTISEMENT: {
    status: 500,
    message: 'An advertisement needs an id of 16 bytes in base32 and a port from 1024 to 65535.'
  },
  NWS_ERR_DISCOVERY_STARTED: {
    status: 500,
    message: 'Discovery cannot be replaced after the proxy listens. Call use() in the plugin function of the extension.'
  },

  // Cluster
  NWS_ERR_CLUSTER_UNREACHABLE: {
    status: 503,
    message:
      'No server of NWS_CLUSTER_URL answers. Check the addresses, and that nats-server runs. The proxy tries again.'
  },
  NWS_ERR_CLUSTER_REFUSED: {
    status: 503,
    message:
      'The NATS server does not accept this proxy. Check NWS_CLUSTER_CREDENTIALS, NWS_CLUSTER_TOKEN, or NWS_CLUSTER_USER and NWS_CLUSTER_PASSWORD. The proxy tries again.'
  },
  NWS_ERR_CLUSTER_TLS: {
    status: 503,
    message:
      'TLS with the NATS server fails. Check its certificate, NWS_CLUSTER_TLS_CA, NWS_CLUSTER_TLS_CERT and NWS_CLUSTER_TLS_KEY. The proxy tries again.'
  },
  NWS_ERR_CLUSTER_PERMISSION: {
    status: 503,
    message: 'The NATS server does not let this proxy publish or subscribe. Allow both for the subjects nws.>.'
  },

  // Start and configuration
  NWS_ERR_CONFIG_VALUE: { status: 500, message: 'A setting has a wrong value.' },
  NWS_ERR_CONFIG_UNKNOWN: { status: 500, message: 'This setting does not exist.' },
  NWS_ERR_CONFIG_SERVER_OPTION: {
    status: 500,
    message: 'Create the Fastify server with the exported serverOptions.'
  },
  NWS_ERR_CONFIG_CLUSTER_SECRET: {
    status: 500,
    message:
      'NWS_CLUSTER_SECRET takes one or two secrets: base64 of 32 random bytes or more, or the path of a file with it. nws cluster secret prints one.'
  },
  NWS_ERR_CONFIG_CLUSTER_FILE: {
    status: 500,
    message: 'A file of the cluster cannot be read, or has wrong content.'
  },
  NWS_ERR_CONFIG_EXPOSED: { status: 500, message: 'Other machines can reach NWS_HOST. Set NWS_API_TOKEN too.' },
  NWS_ERR_CONFIG_INSECURE: {
    status: 500,
    message: 'Other machines can reach NWS_BV_LISTEN. Set NWS_TLS_CERT and NWS_TLS_KEY, or NWS_BV_INSECURE=on.'
  },
  NWS_ERR_LISTEN: { status: 500, message: 'The proxy cannot listen on the address.' },
  NWS_ERR_EXTENSION_PATH: { status: 500, message: 'NWS_EXTENSIONS takes paths of files on this machine, and no URLs.' },
  NWS_ERR_EXTENSION_WRITABLE: {
    status: 500,
    message: 'Other users may write the extension or its folder. Forbid it with chmod go-w.'
  },
  NWS_ERR_EXTENSION_LOAD: { status: 500, message: 'The proxy cannot load the extension.' },
  NWS_ERR_EXTENSION_ROUTE: {
    status: 500,
    message: 'A route of an extension hides the channel of the same name. Give the route two or more path segments.'
  }
} as const satisfies Record<string, ErrorDefinition>

/** A code of the catalogue. */
export type ErrorCode = keyof typeof catalogue

/** An error of the catalogue, as it is thrown and sent. `message` is its sentence. */
export class NwsError extends Error {
  readonly code: ErrorCode
  readonly statusCode: number

  /**
   * @param detail follows the sentence, for the user who starts the proxy. Clients never get it
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

/** The WebSocket close code of an error that ends a socket; 1008 (policy) if the catalogue has none. */
export function closeCodeOf(code: ErrorCode): number {
  return definitionOf(code).close ?? 1008
}
