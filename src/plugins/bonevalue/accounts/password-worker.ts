// The thread that hashes passwords with Argon2id, one at a time, so that users online do not wait for it. It keeps no
// password. passwords.ts has the queue before it.
import { parentPort } from 'node:worker_threads'
import sodium, { ready } from 'libsodium-wrappers-sumo'

/** A task of the thread: make a hash, or compare a hash with a password. */
export interface HashRequest {
  readonly password: string
  readonly hash?: string
}

/** The answer; undefined: the thread could not do it. */
export type HashAnswer = string | boolean | undefined

function answer({ password, hash }: HashRequest): HashAnswer {
  if (hash !== undefined) return sodium.crypto_pwhash_str_verify(hash, password)
  return sodium.crypto_pwhash_str(
    password,
    sodium.crypto_pwhash_OPSLIMIT_INTERACTIVE,
    sodium.crypto_pwhash_MEMLIMIT_INTERACTIVE
  )
}

await ready
parentPort?.on('message', (request: HashRequest) => {
  let result: HashAnswer
  try {
    result = answer(request)
  } catch {
    result = undefined // For example, too little memory.
  }
  parentPort?.postMessage(result)
})
