// The edits that make one text of another: few and small, so that they disturb others' edits as little as possible. Lines are
// compared first, then the characters of those that differ.

export interface TextEdit {
  /** Where, in the text before all edits. */
  readonly at: number
  readonly deleted: number
  readonly inserted: string
}

/** Above this number of comparisons a range of lines is one edit. */
const MAX_CELLS = 4_000_000

/** Edits from the end of the text to its beginning, so that each can be applied at once. */
export function textEdits(before: string, after: string): TextEdit[] {
  const [old, fresh] = [linesOf(before), linesOf(after)]
  const edits: TextEdit[] = []
  let at = 0
  for (const { deleted, inserted, kept } of lineEdits(old, fresh)) {
    if (deleted !== '' || inserted !== '') edits.push(trimmed(at, deleted, inserted))
    at += deleted.length + kept.length
  }
  return edits.reverse()
}

const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

interface Hunk {
  readonly deleted: string
  readonly inserted: string
  /** What follows and stays. */
  readonly kept: string
}

function lineEdits(old: readonly string[], fresh: readonly string[]): Hunk[] {
  let start = 0
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start++
  let [oldEnd, freshEnd] = [old.length, fresh.length]
  while (oldEnd > start && freshEnd > start && old[oldEnd - 1] === fresh[freshEnd - 1]) {
    oldEnd--
    freshEnd--
  }
  const middle = commonLines(old.slice(start, oldEnd), fresh.slice(start, freshEnd))
  const hunks: Hunk[] = [{ deleted: '', inserted: '', kept: old.slice(0, start).join('') }]
  let [i, j] = [start, start]
  for (const [oldLine, freshLine] of [...middle, [oldEnd - start, freshEnd - start] as const]) {
    const isEnd = oldLine === oldEnd - start
    hunks.push({
      deleted: old.slice(i, start + oldLine).join(''),
      inserted: fresh.slice(j, start + freshLine).join(''),
      kept: isEnd ? '' : old[start + oldLine]!
    })
    ;[i, j] = [start + oldLine + 1, start + freshLine + 1]
  }
  return hunks
}

/** Positions of lines that both have, in order: a longest common subsequence. */
function commonLines(old: readonly string[], fresh: readonly string[]): (readonly [number, number])[] {
  const width = fresh.length + 1
  if (old.length * fresh.length > MAX_CELLS) return []
  const lengths = new Uint32Array((old.length + 1) * width)
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = fresh.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        old[i] === fresh[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!)
  const common: (readonly [number, number])[] = []
  for (let i = 0, j = 0; i < old.length && j < fresh.length;) {
    if (old[i] === fresh[j]) common.push([i++, j++])
    else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) i++
    else j++
  }
  return common
}

/** Leaves out what is equal at both ends. Halves of a character stay together. */
function trimmed(at: number, deleted: string, inserted: string): TextEdit {
  const shorter = Math.min(deleted.length, inserted.length)
  let start = 0
  while (start < shorter && deleted[start] === inserted[start]) start++
  if (/[\ud800-\udbff]$/.test(deleted.slice(0, start))) start--
  let end = 0
  while (end < shorter - start && deleted.at(-1 - end) === inserted.at(-1 - end)) end++
  if (/^[\udc00-\udfff]/.test(deleted.slice(deleted.length - end))) end--
  return {
    at: at + start,
    deleted: deleted.length - start - end,
    inserted: inserted.slice(start, inserted.length - end)
  }
}
