// What a document contains, in a few bytes: its state vector for the insertions, and a count and a digest for the deletions,
// which a state vector does not have. Two documents with the same state are equal.
import { decodeStateVector, encodeStateVector, snapshot, type Doc } from 'yjs'

export interface State {
  readonly clocks: ReadonlyMap<number, number>
  /** Number of deleted elements. It only grows. */
  readonly deleted: number
  readonly digest: number
}

/** A state as it travels. */
export interface EncodedState {
  readonly vector: Uint8Array
  readonly deleted: number
  readonly digest: number
}

/** Computes the state of a document. The time is linear in the size of the document. */
export function stateOf(doc: Doc): State & EncodedState {
  const { ds, sv } = snapshot(doc)
  let deleted = 0
  // FNV-1a over the sorted ranges.
  let digest = 0x811c9dc5
  const mix = (value: number): void => {
    for (let rest = value, i = 0; i < 5; i++, rest = Math.floor(rest / 256))
      digest = Math.imul(digest ^ (rest % 256), 0x01000193) >>> 0
  }
  for (const client of [...ds.clients.keys()].sort((one, other) => one - other)) {
    mix(client)
    for (const { clock, len } of ds.clients.get(client) ?? []) {
      deleted += len
      mix(clock)
      mix(len)
    }
  }
  return { clocks: sv, deleted, digest, vector: encodeStateVector(doc) }
}

/** @throws for a malformed state vector */
export function decodeState({ vector, deleted, digest }: EncodedState): State {
  return { clocks: decodeStateVector(vector), deleted, digest }
}

function hasMore(one: State['clocks'], other: State['clocks']): boolean {
  for (const [client, clock] of one) if (clock > (other.get(client) ?? 0)) return true
  return false
}

/** Whether the other document has, or may have, something that this one lacks. */
export function lacks(own: State, other: State): boolean {
  if (hasMore(other.clocks, own.clocks)) return true
  // The document with fewer deletions asks first. If it has others, it says so afterwards.
  return other.digest !== own.digest && other.deleted > 0 && other.deleted >= own.deleted
}

export function isSame(one: State, other: State): boolean {
  return one.digest === other.digest && !hasMore(one.clocks, other.clocks) && !hasMore(other.clocks, one.clocks)
}
