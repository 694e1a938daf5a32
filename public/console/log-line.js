// One line of a log, as an element and as text. Messages of peers are always text here.
import { make } from './dom.js'
import { bytes, hue, short, time } from './format.js'

/** @typedef {import('./session.js').Entry} Entry */

/** The shown part of a long text: characters and lines. */
const MAX_SHOWN = 1500
const MAX_ROWS = 12

/** The buttons that a line has. @type {WeakMap<HTMLElement, Entry['actions']>} */
const shownActions = new WeakMap()

/** @param {Entry} entry gives sender and receiver. Empty: neither */
function parties({ kind, from, to }) {
  if (kind === 'note' || kind === 'error') return ''
  const sender = from === 'you' ? 'you' : from === '' ? 'somebody' : short(from)
  if (to === '') return sender
  return `${sender} → ${to === 'you' ? 'you' : short(to)}`
}

/** The line as text. @param {Entry} entry */
export function lineText(entry) {
  return [time(entry.at), parties(entry), entry.text].filter(part => part !== '').join('  ')
}

/** @param {Entry} entry @returns {HTMLElement} */
export function createLine(entry) {
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

/** @param {HTMLElement} line @param {Entry} entry */
export function updateLine(line, entry) {
  line.classList.toggle('refused', entry.refused === true)
  const place = /** @type {HTMLElement} */ (line.querySelector('.words'))
  const beginning = shorten(entry.text)
  place.replaceChildren(make('bdi', {}, beginning))
  if (beginning !== entry.text) {
    const more = make('button', { type: 'button', className: 'plain' }, `Show all of it, ${bytes(entry.text.length)}`)
    more.addEventListener('click', () => {
      place.replaceChildren(make('bdi', { tabIndex: -1 }, entry.text))
      ;/** @type {HTMLElement} */ (place.firstElementChild).focus()
    })
    place.append(' ', more)
  }
  // A button that stays the same keeps the focus, however often the text changes.
  if (shownActions.get(line) === entry.actions) return
  shownActions.set(line, entry.actions)
  const actions = /** @type {HTMLElement} */ (line.querySelector('.actions'))
  actions.replaceChildren()
  for (const { label, name, run } of entry.actions ?? []) {
    const button = make('button', { type: 'button', className: 'plain', 'aria-label': name }, label)
    button.addEventListener('click', run)
    actions.append(' ', button)
  }
}

/** @param {string} text */
function shorten(text) {
  const rows = text.slice(0, MAX_SHOWN).split('\n')
  const shown = rows.slice(0, MAX_ROWS).join('\n')
  return shown.length < text.length ? `${shown.trimEnd()} …` : text
}

/** Downloads a file that is in memory. @param {Blob} blob @param {string} name */
export function saveAs(blob, name) {
  const url = URL.createObjectURL(blob)
  make('a', { href: url, download: name }).click()
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
