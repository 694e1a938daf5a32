// Bytes that are nearly right: good ones, changed here and there. As an arbitrary of fast-check, so that what breaks
// something is made small. It does not know the meaning of the bytes.
import fc from 'fast-check'

type Change =
  | { readonly kind: 'flip'; readonly at: number; readonly value: number }
  | { readonly kind: 'cut'; readonly at: number; readonly count: number }
  | { readonly kind: 'put'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'repeat'; readonly at: number; readonly count: number; readonly times: number }

const at = fc.nat(100_000)

function changeOf(words: readonly Uint8Array[]): fc.Arbitrary<Change> {
  return fc.oneof(
    fc.record({ kind: fc.constant('flip' as const), at, value: fc.integer({ min: 1, max: 255 }) }),
    fc.record({ kind: fc.constant('cut' as const), at, count: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.nat(2000)) }),
    fc.record({
      kind: fc.constant('put' as const),
      at,
      bytes: fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.constantFrom(...words))
    }),
    fc.record({ kind: fc.constant('repeat' as const), at, count: fc.integer({ min: 1, max: 40 }), times: fc.nat(200) })
  )
}

function apply(bytes: Uint8Array, change: Change): Uint8Array {
  // Where it lies is taken from the length, which changes.
  const place = bytes.length === 0 ? 0 : change.at % (bytes.length + 1)
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)]
  switch (change.kind) {
    case 'flip':
      return Buffer.concat([
        before,
        ...(after.length === 0 ? [] : [Uint8Array.of(after[0]! ^ change.value), after.subarray(1)])
      ])
    case 'cut':
      return Buffer.concat([before, after.subarray(change.count)])
    case 'put':
      return Buffer.concat([before, change.bytes, after])
    default:
      return Buffer.concat([
        before,
        ...Array.from({ length: change.times }, () => after.subarray(0, change.count)),
        after
      ])
  }
}

/** Good bytes with none to six changes, or any bytes at all. @param words pieces that mean something in this language */
export function mutated(
  seeds: readonly (string | Uint8Array)[],
  words: readonly (string | Uint8Array)[] = []
): fc.Arbitrary<Buffer> {
  const bytesOf = (each: string | Uint8Array): Uint8Array => (typeof each === 'string' ? Buffer.from(each) : each)
  const good = fc
    .tuple(
      fc.constantFrom(...seeds.map(bytesOf)),
      fc.array(changeOf([new Uint8Array(0), ...words.map(bytesOf)]), { maxLength: 6 })
    )
    .map(([seed, changes]) => Buffer.from(changes.reduce(apply, seed)).subarray(0, 20_000))
  return fc.oneof(
    { arbitrary: good, weight: 9 },
    { arbitrary: fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)), weight: 1 }
  )
}
