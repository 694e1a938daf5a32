// The details of one moment: the peers that got the message and those that came too late, its bytes as text, JSON and hex.
import { make } from '../dom.ts'
import { bytes, plural, short } from '../format.ts'
import { jsonOf, MAX_SHOWN_BYTES, shownBytes, textOf } from './bytes.ts'
import type { Recorded, Recorder } from './recorder.ts'
import { clockOf, gap, wordsOf } from './row.ts'

/** Most peers that are listed. */
const LISTED = 20

/** Lists ids and says how many more there are. */
function list(items: readonly string[]): string {
  const shown = items.slice(0, LISTED).join(', ')
  return items.length > LISTED ? `${shown} and ${items.length - LISTED} more` : shown
}

function fact(name: string, value: string, className = ''): HTMLElement {
  return make('div', { className }, make('dt', {}, name), make('dd', {}, value))
}

/** Who got a message. @param ownId id of this page */
function receivers(moment: Recorded, recorder: Recorder, ownId: string): HTMLElement[] {
  if (moment.to !== '') return [fact('Goes to', moment.to === ownId ? 'you alone' : `${short(moment.to)} alone`)]
  const present = recorder.presentAt(moment).map(short)
  if (!moment.own) present.unshift('you')
  const late = recorder.cameAfter(moment)
  return [
    fact('Peers at that moment', present.length === 0 ? 'none: the message reached nobody' : list(present)),
    ...(late.length === 0
      ? []
      : [
          fact(
            'Came later, did not get it',
            list(late.map(({ id, afterMs }) => `${short(id)} (${gap(afterMs)} after)`)),
            'missed'
          )
        ])
  ]
}

function block(title: string, text: string | undefined): HTMLElement | null {
  if (text === undefined) return null
  return make('section', {}, make('h4', {}, title), make('pre', { tabIndex: 0 }, make('code', {}, text)))
}

/** Makes the details of a moment. @param ownId id of this page in the channel */
export function createDetails(moment: Recorded, recorder: Recorder, ownId: string): HTMLElement[] {
  const { kind, at, from, own, payload, bytes: size } = moment
  const proxy = recorder.proxyOf(moment)
  const facts = make(
    'dl',
    {},
    fact('At', clockOf(at)),
    ...(from === '' ? [] : [fact(kind === 'message' ? 'From' : 'Who', own ? `you, ${from}` : from)]),
    ...(proxy === '' ? [] : [fact('Proxy', proxy)])
  )
  if (payload === undefined) return [facts, make('p', {}, wordsOf(moment))]
  facts.append(fact('Data', `${payload.type}, ${bytes(size)}`), ...receivers(moment, recorder, ownId))
  const cut = size > MAX_SHOWN_BYTES ? `, the first ${plural(MAX_SHOWN_BYTES, 'byte')}` : ''
  const blocks = [
    block(`Text${cut}`, textOf(payload)),
    block(`JSON${cut}`, jsonOf(payload)),
    block(`Hex${cut}`, shownBytes(payload))
  ]
  return [facts, ...blocks.filter(part => part !== null)]
}
