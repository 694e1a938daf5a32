// Metrics of all workers of `nws serve --workers`: the worker that is asked gets those of the others through the first
// process.
import type { Worker } from 'node:cluster'
import { mergeMetrics } from '../core/metrics-text.ts'

/** A message between the first process and a worker. */
type Message =
  /** To the first process: the worker wants the metrics of all. */
  | { readonly nws: 'want metrics'; readonly number: number }
  /** To a worker: send your own. */
  | { readonly nws: 'give metrics'; readonly number: number }
  /** To the first process. */
  | { readonly nws: 'own metrics'; readonly number: number; readonly text: string }
  /** To the worker that wants them, by the place of each worker. */
  | { readonly nws: 'all metrics'; readonly number: number; readonly texts: Readonly<Record<string, string>> }

/** A worker that does not answer within this time is left out, milliseconds. */
const PATIENCE_MS = 1000

/** The part of a process that starts workers. */
export class MetricsExchange {
  readonly #workers: () => Iterable<readonly [worker: Worker, place: number]>
  readonly #rounds = new Map<number, (place: number, text: string) => void>()
  #number = 0

  /** @param workers those that listen */
  constructor(workers: () => Iterable<readonly [worker: Worker, place: number]>) {
    this.#workers = workers
  }

  /** Handles a message of a worker. */
  received(from: Worker, place: number, message: unknown): void {
    const known = message as Message | undefined
    if (known?.nws === 'own metrics') this.#rounds.get(known.number)?.(place, known.text)
    else if (known?.nws === 'want metrics') this.#begin(from, known.number)
  }

  #begin(asker: Worker, wanted: number): void {
    const number = ++this.#number
    const asked = [...this.#workers()]
    const texts = new Map<number, string>()
    const end = (): void => {
      clearTimeout(timer)
      this.#rounds.delete(number)
      const sorted = [...texts].toSorted(([one], [other]) => one - other)
      tell(asker, { nws: 'all metrics', number: wanted, texts: Object.fromEntries(sorted) })
    }
    const timer = setTimeout(end, PATIENCE_MS)
    this.#rounds.set(number, (place, text) => {
      texts.set(place, text)
      if (texts.size === asked.length) end()
    })
    for (const [worker] of asked) tell(worker, { nws: 'give metrics', number })
  }
}

function tell(worker: Worker, message: Message): void {
  if (worker.isConnected()) worker.send(message, () => {}) // One that ends now has no metrics.
}

/** Answers in a worker, and returns a function that reads the metrics of all workers. @param own reads those of this worker */
export function joinMetrics(own: () => Promise<string>): () => Promise<string> {
  const waiting = new Map<number, (texts: Readonly<Record<string, string>>) => void>()
  let numbers = 0
  const send = (message: Message): void => {
    process.send?.(message, undefined, {}, () => {})
  }
  process.on('message', message => {
    const known = message as Message | undefined
    if (known?.nws === 'give metrics') void own().then(text => send({ nws: 'own metrics', number: known.number, text }))
    else if (known?.nws === 'all metrics') waiting.get(known.number)?.(known.texts)
  })
  return async () => {
    const number = ++numbers
    const texts = await new Promise<Readonly<Record<string, string>>>(resolve => {
      waiting.set(number, resolve)
      send({ nws: 'want metrics', number })
    })
    waiting.delete(number)
    return mergeMetrics('worker', new Map(Object.entries(texts)))
  }
}
