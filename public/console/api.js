// Reads the JSON API of the proxy, and keeps the token in memory.

/** The base of the proxy's addresses: one folder above the folder of this file. */
export const BASE = new URL('..', import.meta.url).href

/** An answer that reports a failure. */
export class ApiError extends Error {
  /** @param {string} code of the proxy, or empty @param {string} message */
  constructor(code, message) {
    super(message)
    this.code = code
  }
}

/** Longest wait for an answer, milliseconds. */
const TIMEOUT_MS = 5000

let token = ''

/** The token of the user. Empty: none. */
export const currentToken = () => token

/** @param {string} text kept until the page is left */
export function useToken(text) {
  token = text
}

/**
 * Asks for a resource below `/api/`.
 *
 * @param {string} path
 * @returns {Promise<any>} its JSON
 * @throws {ApiError} with the code of the proxy, or without one if no proxy answers
 */
export const get = path => send('GET', path)

/**
 * Sends a request to a resource below `/api/`.
 *
 * @param {string} method
 * @param {string} path
 * @param {object} [body] sent as JSON
 * @returns {Promise<any>} its JSON
 * @throws {ApiError} with the code of the proxy, or without one if no proxy answers
 */
export async function send(method, path, body) {
  let response
  let answer
  try {
    response = await fetch(`${BASE}api/${path}`, {
      method,
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' })
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    answer = await response.json()
  } catch {
    throw new ApiError('', 'The proxy does not answer.')
  }
  if (!response.ok) throw new ApiError(String(answer?.code ?? ''), String(answer?.message ?? response.status))
  return answer
}
