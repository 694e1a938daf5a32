// The target of a query: the peers that it finds, and what to ask of them.
import type { Failure } from './errors.ts'
import type { Peer, RequestOptions } from './peer.ts'

/** The answer of one peer, or why there is none. */
// oxlint-disable-next-line typescript/no-explicit-any -- sent by the other page: the application must check it
export type Answer<Response = any> =
  | { readonly peer: Peer; readonly response: Response; readonly err?: undefined; readonly code?: undefined }
  | (Failure & { readonly peer: Peer; readonly response?: undefined })

/** Gets the answer of a peer, or `{ err, code }` if there is none. */
export type ResponseCallback = (response: any, peer: Peer) => void // oxlint-disable-line typescript/no-explicit-any -- as above

/** The peers of a query, at the moment they are asked. */
export interface Target {
  /**
   * Asks a module of each of these peers.
   *
   * @param data any JSON value, and binary values in it
   * @returns one answer for each asked peer; none if no peer is online
   * @throws the reason of `signal` if that aborts (the promise)
   */
  request(module: string, data?: unknown, options?: RequestOptions): Promise<Answer[]>
  /**
   * The same with a callback.
   *
   * @param keepAlive whether to keep the connection for further messages
   * @param callback called once for each asked peer
   */
  message(module: string, data?: unknown, keepAlive?: boolean, callback?: ResponseCallback): void
  peers(): Peer[]
}
