// Reads the JSON API of the proxy, and keeps the token in memory.

/** The base of the proxy's addresses: one folder above the folder of the script. */
export const BASE = new URL('..', import.meta.url).href

/** An answer that reports a failure. */
export class ApiError extends Error {
  readonly code: string

  /** @param code of the proxy, or empty */
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Longest wait for an answer, milliseconds. */
const TIMEOUT_MS = 5000

let token = ''

/** The token of the user. Empty: none. */
export const currentToken = () => token

/** @param text kept until the page is left */
export function useToken(text: string) {
  token = text
}

/**
 * Asks for a resource below `/api/`.
 *
 * @returns its JSON
 * @throws {ApiError} with the code of the proxy, or without one if no proxy answers
 */
export const get = <Answer>(path: string): Promise<Answer> => send<Answer>('GET', path)

/**
 * Sends a request to a resource below `/api/`.
 *
 * @param body sent as JSON
 * @returns its JSON
 * @throws {ApiError} with the code of the proxy, or without one if no proxy answers
 */
export async function send<Answer>(
  method: string,
  path: string,
  body?: object,
  timeoutMs = TIMEOUT_MS
): Promise<Answer> {
  let response: Response
  let answer: Answer & { code?: string; message?: string }
  try {
    response = await fetch(`${BASE}api/${path}`, {
      method,
      cache: 'no-store',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' })
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    answer = (await response.json()) as typeof answer
  } catch {
    throw new ApiError('', 'The proxy does not answer.')
  }
  if (!response.ok) throw new ApiError(answer.code ?? '', answer.message ?? String(response.status))
  return answer
}
