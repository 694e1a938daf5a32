// A socket of a client that comes back to its membership. Its first message names the token; after that the socket belongs to
// the connection that has waited.
import type { WebSocket } from 'ws'
import { decodeRequest, errorText } from '../../core/envelope.ts'
import { closeCodeOf, definitionOf, type ErrorCode } from '../../core/errors.ts'
import type { ClientTransport } from '../../core/hub/client-socket.ts'
import type { ResumableConnection } from './resumable-connection.ts'

/** The needs of a return. */
export interface ReturnDeps {
  /** The connection that waits for a token. */
  readonly find: (token: string) => ResumableConnection | undefined
  /** Set if the client must prove the token of the API first. @returns undefined: it is right */
  readonly checkToken: ((token: string) => ErrorCode | undefined) | undefined
  readonly timeoutMs: number
  readonly maxDataDepth: number
  /** Counts a refusal. */
  readonly refused: (code: ErrorCode) => void
}

export function takeBack(
  websocket: WebSocket,
  transport: ClientTransport,
  { find, checkToken, timeoutMs, maxDataDepth, refused }: ReturnDeps
): void {
  let mustProve = checkToken !== undefined
  const timer = setTimeout(() => refuse('NWS_ERR_RESUME_GONE'), timeoutMs).unref()

  function refuse(code: ErrorCode): void {
    websocket.off('message', take)
    clearTimeout(timer)
    refused(code)
    websocket.send(errorText(code, definitionOf(code).message))
    websocket.close(closeCodeOf(code), code)
  }

  function take(bytes: Buffer, isBinary: boolean): void {
    const request = isBinary ? undefined : decodeRequest(bytes, maxDataDepth)
    if (request?.action === 'auth') {
      const refusal = mustProve ? checkToken?.(request.token) : undefined
      if (refusal !== undefined) return refuse(refusal)
      mustProve = false
      return undefined
    }
    if (mustProve) return refuse('NWS_ERR_TOKEN_REQUIRED')
    if (request?.action !== 'resume') return refuse('NWS_ERR_MESSAGE_RESUME')
    const connection = find(request.token)
    // ws may emit further messages of the same read in this call.
    websocket.off('message', take)
    clearTimeout(timer)
    return connection?.resume(websocket, transport, request.received) === true
      ? undefined
      : refuse('NWS_ERR_RESUME_GONE')
  }

  websocket.on('message', take)
  websocket.once('close', () => clearTimeout(timer))
}
