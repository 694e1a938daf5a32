// One line of a log, as an element and as text. Messages of peers are always text here.
import { make } from './dom.ts'
import { bytes, hue, short, time } from './format.ts'
import { looksLikeJson, typeOf } from './formats.ts'
import type { Lines } from './log.ts'
import type { Entry } from './session.ts'
import { oneLine, openValue, type ValueTools } from './value-view.ts'

/** Shown characters of a value before it is dressed. */
const MAX_BARE = 200
/** The shown part of a long text: characters and lines. */
const MAX_SHOWN = 1500
const MAX_ROWS = 12

/** The buttons that a line has. */
const shownActions = new WeakMap<HTMLElement, Entry['actions']>()

/** @param entry gives sender and receiver. Empty: neither */
function parties({ kind, from, to }: Entry) {
  if (kind === 'note' || kind === 'error') return ''
  const sender = from === 'you' ? 'you' : from === '' ? 'somebody' : short(from)
  if (to === '') return sender
  return `${sender} → ${to === 'you' ? 'you' : short(to)}`
}

/** Whether a text is shown in quotation marks, since it looks like another value. */
const isQuoted = ({ payload }: Entry): boolean => payload?.type === 'text' && looksLikeJson(payload.text)

/** The line as text. */
export function lineText(entry: Entry) {
  return [time(entry.at), parties(entry), isQuoted(entry) ? `"${entry.text}"` : entry.text]
    .filter(part => part !== '')
    .join('  ')
}

function createLine(entry: Entry): HTMLElement {
  const line = make('div', {
    className: `line ${entry.kind}${entry.to === '' ? '' : ' direct'}${entry.from === 'you' ? ' own' : ''}`
  })
  line.append(make('time', { dateTime: entry.at.toISOString() }, time(entry.at)))
  const who = parties(entry)
  if (who !== '') {
    const id = entry.from === 'you' ? entry.to : entry.from
    const name = make('bdi', { className: 'who hued' }, who)
    name.style.setProperty('--hue', String(hue(id)))
    line.append(name)
  }
  line.append(
    make('span', { className: 'text' }, make('span', { className: 'words' }), make('span', { className: 'actions' }))
  )
  updateLine(line, entry)
  return line
}

function updateLine(line: HTMLElement, entry: Entry) {
  line.classList.toggle('refused', entry.refused === true)
  const place = line.querySelector('.words') as HTMLElement
  const beginning = shorten(entry.text)
  const type = entry.payload?.type
  const isValue = type === 'json' || type === 'binary'
  if (isValue) {
    if (place.firstChild === null) place.append(make('bdi', { className: 'bare' }, entry.text.slice(0, MAX_BARE)))
  } else if (isQuoted(entry) && beginning === entry.text)
    place.replaceChildren(typeMark('text'), make('bdi', { className: 'json-string' }, `"${entry.text}"`))
  else place.replaceChildren(make('bdi', {}, beginning))
  if (beginning !== entry.text && !isValue) {
    const more = make('button', { type: 'button', className: 'plain' }, `Show all of it, ${bytes(entry.text.length)}`)
    more.addEventListener('click', () => {
      place.replaceChildren(make('bdi', { tabIndex: -1 }, entry.text))
      ;(place.firstElementChild as HTMLElement).focus()
    })
    place.append(' ', more)
  }
  // A button that stays the same keeps the focus, however often the text changes.
  if (shownActions.get(line) === entry.actions) return
  shownActions.set(line, entry.actions)
  const actions = line.querySelector('.actions') as HTMLElement
  actions.replaceChildren()
  for (const { label, name, run } of entry.actions ?? []) {
    const button = make('button', { type: 'button', className: 'plain', 'aria-label': name }, label)
    button.addEventListener('click', run)
    actions.append(' ', button)
  }
}

/** Colours the value of a line, and lets it open. */
function dressLine(line: HTMLElement, entry: Entry, tools: ValueTools): void {
  if (entry.payload === undefined || entry.payload.type === 'text') return
  const place = line.querySelector('.words') as HTMLElement
  place.replaceChildren(foldedValue(entry, tools))
}

const typeMark = (type: string): HTMLElement => make('span', { className: 'type' }, type)

/** A value in one line, which opens. The arrow keys go from one such line to the next (log.ts). */
function foldedValue(entry: Entry, tools: ValueTools): HTMLElement {
  const type = entry.payload?.type === 'json' ? typeOf(entry.text) : ''
  const isGroup = type === 'object' || type === 'array'
  const summary = make(
    'summary',
    { tabIndex: -1 },
    ...(type === '' || isGroup ? [] : [typeMark(type)]),
    make('bdi', {}, ...(type === '' ? [entry.text] : oneLine(entry.text)))
  )
  const fold = make('details', { className: 'fold' }, summary)
  fold.addEventListener('toggle', () => {
    for (const child of [...fold.children].slice(1)) child.remove()
    if (fold.open) fold.append(...openValue(entry, tools))
  })
  return fold
}

function shorten(text: string) {
  const rows = text.slice(0, MAX_SHOWN).split('\n')
  const shown = rows.slice(0, MAX_ROWS).join('\n')
  return shown.length < text.length ? `${shown.trimEnd()} …` : text
}

/** Downloads a file that is in memory. */
export function saveAs(blob: Blob, name: string) {
  const url = URL.createObjectURL(blob)
  make('a', { href: url, download: name }).click()
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** The lines of a log. */
export const logLines = (tools: ValueTools): Lines<Entry> => ({
  create: createLine,
  update: updateLine,
  dress: (line, entry) => dressLine(line, entry, tools),
  text: lineText
})
