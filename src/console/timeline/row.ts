// One moment of a timeline as a line of the list, and as text.
import { make } from '../dom.ts'
import { bytes, duration, hue, plural, short, time } from '../format.ts'
import type { Lines } from '../log.ts'
import { textOf } from './bytes.ts'
import type { Recorded } from './recorder.ts'

/** Shown characters of a message. */
const SHOWN = 160

let made = 0

/** A time between two moments. */
export function gap(ms: number): string {
  if (ms < 1) return `${ms.toFixed(2)} ms`
  if (ms < 10) return `${ms.toFixed(1)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : duration(ms / 1000)
}

/** The time of a moment with milliseconds. */
export const clockOf = (at: number): string => `${time(new Date(at))}.${String(Math.floor(at % 1000)).padStart(3, '0')}`

/** Sender and receiver. */
function parties({ from, to, own }: Recorded): string {
  const sender = own ? 'you' : from === '' ? 'somebody' : short(from)
  return to === '' ? sender : `${sender} → ${own ? short(to) : 'you'}`
}

/** What happened, in words. */
export function wordsOf({ kind, payload, words = '', missed, missedAgoMs }: Recorded): string {
  if (payload !== undefined) {
    const text = textOf(payload)
    if (text === undefined) return 'binary'
    return text.length > SHOWN ? `${text.slice(0, SHOWN)} …` : text
  }
  if (kind === 'leave') return 'leaves'
  if (kind !== 'join') return words
  if (missed === 0) return 'is here'
  return `is here · ${plural(missed, 'earlier message')} did not reach it, the last ${gap(missedAgoMs)} before`
}

const typeOf = ({ payload }: Recorded): string => (payload === undefined ? '' : payload.type)

function textOfLine(moment: Recorded): string {
  const { at, sinceMs, kind, bytes: size } = moment
  return [clockOf(at), `+${gap(sinceMs)}`, parties(moment), kind, typeOf(moment), size, wordsOf(moment)].join('  ')
}

function create(moment: Recorded): HTMLElement {
  const { kind, at, sinceMs, from, to, proxy, own, bytes: size, payload, missed } = moment
  const classes = ['line', 'moment', kind, to === '' ? '' : 'direct', own ? 'own' : '', missed > 0 ? 'missed' : '']
  const who = make('bdi', { className: 'who hued' }, kind === 'link' ? 'link' : parties(moment))
  who.style.setProperty('--hue', String(hue(from || proxy)))
  return make(
    'div',
    { className: classes.join(' '), role: 'option', id: `moment-${++made}`, 'aria-selected': 'false' },
    make('time', { dateTime: new Date(at).toISOString() }, clockOf(at)),
    make('span', { className: 'since' }, `+${gap(sinceMs)}`),
    who,
    make('span', { className: 'size' }, payload === undefined ? '' : bytes(size)),
    make('span', { className: 'text' }, make('bdi', {}, wordsOf(moment)))
  )
}

/** The lines of a timeline. */
export const momentLines: Lines<Recorded> = { create, text: textOfLine }
