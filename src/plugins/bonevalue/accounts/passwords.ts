// Hashes and checks passwords: a short queue before the one thread of password-worker.ts.
import { Worker } from 'node:worker_threads'
import { NwsError } from '../../../core/errors.ts'
import { packageFile } from '../../../platform/package.ts'
import type { HashAnswer, HashRequest } from './password-worker.ts'

/** Requests that may wait behind the current one. */
export const QUEUE_LENGTH = 32
/** After this time without requests the thread ends and frees its 64 MiB, milliseconds. */
const IDLE_MS = 60_000

/** A hash of the same cost for unknown names: Argon2id, interactive limits, of random bytes that were thrown away. */
const DUMMY_HASH = '$argon2id$v=19$m=65536,t=2,p=1$UxWGaIAomcDvQA4A5IgALw$8+Mrin+olAJX023SPEUPvbVaDBIoUmlaosyaSqgndiw'

/** Hashes and checks passwords. */
export interface Passwords {
  /** @throws NwsError `NWS_ERR_BV_BUSY` */
  hash(password: string): Promise<string>
  /**
   * @param hash undefined: the user does not exist; this takes as long, and returns false
   * @param isWanted asked when the request is due; false: the answer is false at once
   * @throws NwsError `NWS_ERR_BV_BUSY`
   */
  verify(hash: string | undefined, password: string, isWanted?: () => boolean): Promise<boolean>
  /** Requests that wait behind the current one. */
  readonly waiting: number
  /** Ends the thread. Waiting requests are refused. */
  close(): Promise<void>
}

interface Job {
  readonly request: HashRequest
  readonly isWanted: () => boolean
  readonly resolve: (answer: HashAnswer) => void
  readonly reject: (error: Error) => void
}

/** Options for tests and measurements. */
export interface PasswordsOptions {
  readonly idleMs?: number
}

/** Passwords without Fastify. The thread starts with the first request. */
export function createPasswords({ idleMs = IDLE_MS }: PasswordsOptions = {}): Passwords {
  const waiting: Job[] = []
  let current: Job | undefined
  let worker: Worker | undefined
  let idle: NodeJS.Timeout | undefined
  let closed = false

  function startWorker(): Worker {
    const started = new Worker(packageFile('dist/password-worker.js'), { execArgv: [], name: 'nws-passwords' })
    const gone = (): void => {
      if (worker !== started) return
      worker = undefined
      const job = current
      current = undefined
      job?.reject(new NwsError('NWS_ERR_INTERNAL'))
      next()
    }
    started.on('message', (answer: HashAnswer) => {
      const job = current
      current = undefined
      if (answer === undefined) job?.reject(new NwsError('NWS_ERR_BV_BUSY'))
      else job?.resolve(answer)
      next()
    })
    started.on('error', gone)
    started.on('exit', gone)
    return started
  }

  function stopWorker(): Promise<unknown> {
    clearTimeout(idle)
    const stopped = worker
    worker = undefined
    return stopped?.terminate() ?? Promise.resolve()
  }

  /** Gives the thread the next request whose client still waits. */
  function next(): void {
    while (current === undefined && waiting.length > 0) {
      const job = waiting.shift()!
      if (!job.isWanted()) {
        job.resolve(false)
        continue
      }
      current = job
      worker ??= startWorker()
      worker.ref() // Until it has answered.
      worker.postMessage(job.request)
    }
    clearTimeout(idle)
    if (current !== undefined || worker === undefined) return
    worker.unref()
    idle = setTimeout(() => {
      void stopWorker()
    }, idleMs).unref()
  }

  function ask(request: HashRequest, isWanted: () => boolean): Promise<HashAnswer> {
    if (closed) return Promise.reject(new NwsError('NWS_ERR_SHUTTING_DOWN'))
    if (waiting.length >= QUEUE_LENGTH) return Promise.reject(new NwsError('NWS_ERR_BV_BUSY'))
    return new Promise((resolve, reject) => {
      waiting.push({ request, isWanted, resolve, reject })
      next()
    })
  }

  return {
    get waiting() {
      return waiting.length
    },
    hash: async password => String(await ask({ password }, () => true)),
    verify: async (hash, password, isWanted = () => true) => {
      const fits = await ask({ password, hash: hash ?? DUMMY_HASH }, isWanted)
      return fits === true && hash !== undefined
    },
    close: async () => {
      closed = true
      const jobs = [...waiting.splice(0), ...(current === undefined ? [] : [current])]
      current = undefined
      for (const { reject } of jobs) reject(new NwsError('NWS_ERR_SHUTTING_DOWN'))
      await stopWorker()
    }
  }
}
