// Shows the value of a message: JSON in colours, folded and in full, and bytes. Everything is set as text.
import { copyFrom, make } from './dom.ts'
import { differences, dump, numbersIn, tokensOf } from './formats.ts'
import type { Entry } from './session.ts'

/** Shown characters of a folded value, and of a whole one. */
const FOLDED = 200
const WHOLE = 20_000
/** Shown bytes. */
const DUMPED = 4096

/** What a shown value needs of its log. */
export interface ValueTools {
  /** The message of the same peer before this one, with JSON. */
  before: (entry: Entry) => Entry | undefined
  /** Plots a number of all messages of this peer. */
  plot: (entry: Entry, path: string) => void
}

/** A JSON text in one line. */
export function oneLine(json: string): Node[] {
  const parts: Node[] = []
  let length = 0
  for (const { kind, text } of tokensOf(json)) {
    const wanted = text === ':' || text === ',' ? `${text} ` : text
    if (length + wanted.length > FOLDED) {
      parts.push(document.createTextNode(' …'))
      break
    }
    length += wanted.length
    parts.push(kind === 'mark' ? document.createTextNode(wanted) : make('span', { className: `json-${kind}` }, wanted))
  }
  return parts
}

/** A JSON text in lines of its own, indented. */
function inFull(json: string): Node[] {
  const parts: Node[] = []
  let depth = 0
  let length = 0
  let last = ''
  const newLine = (): string => `\n${'  '.repeat(depth)}`
  for (const { kind, text } of tokensOf(json)) {
    const closes = text === '}' || text === ']'
    if (kind === 'mark' && closes) depth--
    const isEmpty = closes && (last === '{' || last === '[')
    const breaks = last !== '' && ((closes && !isEmpty) || last === ',' || ((last === '{' || last === '[') && !isEmpty))
    const gap = breaks ? newLine() : last === ':' ? ' ' : ''
    length += gap.length + text.length
    if (length > WHOLE) {
      parts.push(document.createTextNode('\n…'))
      break
    }
    if (kind === 'mark') parts.push(document.createTextNode(gap + text))
    else parts.push(document.createTextNode(gap), make('span', { className: `json-${kind}` }, text))
    last = kind === 'mark' ? text : kind
    if (kind === 'mark' && (text === '{' || text === '[')) depth++
  }
  return parts
}

/** The differences between two messages. */
function compare(entry: Entry, before: Entry | undefined): HTMLElement {
  if (before === undefined) return make('p', { className: 'small quiet' }, 'This log has no earlier JSON of this peer.')
  const found = differences(JSON.parse(before.text), JSON.parse(entry.text))
  if (found.length === 0) return make('p', { className: 'small quiet' }, 'The message before has the same values.')
  return make(
    'ul',
    { className: 'differences small' },
    ...found.map(({ path, before, after }) =>
      make(
        'li',
        {},
        make('code', {}, path === '' ? 'value' : path),
        before === undefined ? ' is new: ' : ' ',
        ...(before === undefined ? [] : [make('del', {}, before)]),
        after === undefined ? ' is gone' : before === undefined ? '' : ' → ',
        ...(after === undefined ? [] : [make('ins', {}, after)])
      )
    )
  )
}

/** The opened part of a line. */
export function openValue(entry: Entry, tools: ValueTools): Node[] {
  const { payload } = entry
  if (payload?.type === 'binary') return [make('pre', { tabIndex: 0 }, dump(payload.bytes, DUMPED))]
  const copy = make('button', { type: 'button', className: 'plain' }, 'Copy JSON')
  copy.addEventListener('click', () => void copyFrom(copy, entry.text))
  const result = make('div', { role: 'status' })
  const difference = make('button', { type: 'button', className: 'plain' }, 'Compare with the one before')
  difference.addEventListener('click', () => result.replaceChildren(compare(entry, tools.before(entry))))
  const row = make('div', { className: 'row' }, copy, difference)
  const numbers = [...numbersIn(JSON.parse(entry.text)).keys()]
  if (numbers.length === 1) {
    const plot = make('button', { type: 'button', className: 'plain' }, `Plot ${numbers[0] || 'the number'}`)
    plot.addEventListener('click', () => tools.plot(entry, numbers[0] ?? ''))
    row.append(plot)
  } else if (numbers.length > 1) {
    const choice = make(
      'select',
      { 'aria-label': 'Plot a number' },
      make('option', { value: '' }, 'Plot …'),
      ...numbers.map(path => make('option', { value: path }, path))
    )
    choice.addEventListener('change', () => {
      if (choice.value !== '') tools.plot(entry, choice.value)
    })
    row.append(choice)
  }
  const whole = /^\s*[[{]/.test(entry.text) ? [make('pre', { tabIndex: 0 }, ...inFull(entry.text))] : []
  return [...whole, row, result]
}
