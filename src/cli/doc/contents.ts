// What a file contains, as a part of a Y.Doc: a text, or a JSON object.
import { isDeepStrictEqual } from 'node:util'
import type * as Y from 'yjs'
import { textEdits } from './text-edits.ts'

export interface Content {
  isEmpty(doc: Y.Doc): boolean
  /** The file for a document. */
  fileOf(doc: Y.Doc): string
  /** Whether a file has the content of the document. @throws SyntaxError if the file cannot be read */
  isSame(doc: Y.Doc, file: string): boolean
  /** Edits the document so that it has the content of the file. @throws SyntaxError if the file cannot be read */
  edit(doc: Y.Doc, file: string): void
}

/** @param name of the Y.Text */
export function textContent(name: string): Content {
  const text = (doc: Y.Doc): Y.Text => doc.getText(name)
  return {
    isEmpty: doc => text(doc).length === 0,
    fileOf: doc => text(doc).toJSON(),
    isSame: (doc, file) => text(doc).toJSON() === file,
    edit: (doc, file) =>
      doc.transact(() => {
        for (const { at, deleted, inserted } of textEdits(text(doc).toJSON(), file)) {
          if (deleted > 0) text(doc).delete(at, deleted)
          if (inserted !== '') text(doc).insert(at, inserted)
        }
      })
  }
}

/** @param name of the Y.Map */
export function jsonContent(name: string, { Map: YMap, Array: YArray }: typeof Y): Content {
  const map = (doc: Y.Doc): Y.Map<unknown> => doc.getMap(name)

  /** A value for the document: objects and lists become parts that merge. */
  function made(value: unknown): unknown {
    if (Array.isArray(value)) {
      const list = new YArray()
      list.push(value.map(made))
      return list
    }
    if (!isObject(value)) return value
    return new YMap(Object.entries(value).map(([key, each]) => [key, made(each)]))
  }

  /** Makes the same of a part by editing it. @returns false if it must be replaced */
  function edited(part: unknown, value: unknown): boolean {
    if (part instanceof YMap && isObject(value)) editMap(part as Y.Map<unknown>, value)
    else if (part instanceof YArray && Array.isArray(value)) editArray(part as Y.Array<unknown>, value)
    else return false
    return true
  }

  function editMap(part: Y.Map<unknown>, value: Record<string, unknown>): void {
    for (const key of [...part.keys()]) if (!Object.hasOwn(value, key)) part.delete(key)
    for (const [key, each] of Object.entries(value))
      if (!part.has(key) || (!isDeepStrictEqual(plain(part.get(key)), each) && !edited(part.get(key), each)))
        part.set(key, made(each))
  }

  function editArray(part: Y.Array<unknown>, value: readonly unknown[]): void {
    const before = part.toArray()
    const isSame = (i: number, j: number): boolean => isDeepStrictEqual(plain(before[i]), value[j])
    let start = 0
    while (start < before.length && start < value.length && isSame(start, start)) start++
    let end = 0
    while (
      end < Math.min(before.length, value.length) - start &&
      isSame(before.length - 1 - end, value.length - 1 - end)
    )
      end++
    const [deleted, inserted] = [before.length - start - end, value.length - start - end]
    // As many elements as before: each of them has been edited.
    if (deleted === inserted) {
      for (let i = start; i < start + deleted; i++) {
        if (isSame(i, i) || edited(before[i], value[i])) continue
        part.delete(i, 1)
        part.insert(i, [made(value[i])])
      }
      return
    }
    part.delete(start, deleted)
    part.insert(start, value.slice(start, start + inserted).map(made))
  }

  function plain(part: unknown): unknown {
    return part instanceof YMap || part instanceof YArray ? (part.toJSON() as unknown) : part
  }

  return {
    isEmpty: doc => map(doc).size === 0,
    fileOf: doc => `${JSON.stringify(map(doc).toJSON(), null, 2)}\n`,
    isSame: (doc, file) => isDeepStrictEqual(map(doc).toJSON(), parsed(file)),
    edit: (doc, file) => {
      const value = parsed(file)
      doc.transact(() => editMap(map(doc), value))
    }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parsed(file: string): Record<string, unknown> {
  const value: unknown = file.trim() === '' ? {} : JSON.parse(file)
  if (!isObject(value)) throw new SyntaxError()
  return value
}
