// The switch of faults for developers in a timeline. The fault itself is fault.ts.
import { find, setText } from '../dom.ts'
import { bytes, plural } from '../format.ts'
import type { Session } from '../session.ts'
import { beginFault, type FaultPlan } from './fault.ts'

export class FaultBar {
  readonly #bar: HTMLElement
  readonly #session: Session
  #end: (() => void) | undefined
  /** The id of this page when the fault began. Another id is no longer left alone. */
  #id = ''

  constructor(bar: HTMLElement, session: Session) {
    this.#bar = bar
    this.#session = session
    this.#switch.addEventListener('click', () => (this.#end === undefined ? this.#begin() : this.#end()))
  }

  /** Ends the fault. */
  end(): void {
    this.#end?.()
  }

  /** The session has changed. */
  show(): void {
    if (this.#end !== undefined && this.#session.id !== this.#id) this.#end()
  }

  get #switch(): HTMLButtonElement {
    return find(this.#bar, '[data-part=fault-switch]') as HTMLButtonElement
  }

  #say(words: string): void {
    setText(find(this.#bar, '[data-part=fault-words]'), words)
  }

  get #plan(): FaultPlan {
    const plan: FaultPlan = {}
    for (const select of this.#bar.querySelectorAll('select'))
      if (select.value !== '') plan[select.name as keyof FaultPlan] = Number(select.value)
    return plan
  }

  #begin(): void {
    const plan = this.#plan
    if (Object.keys(plan).length === 0) return this.#say('Choose a fault first.')
    const { name, scope, id } = this.#session
    this.#id = id
    const end = beginFault({ name, scope, except: id }, plan, {
      begun: connections => {
        this.#tell(`A fault is on for ${plural(connections, 'other WebSocket')} of this proxy: ${inWords(plan)}.`)
      },
      cut: connections => this.#tell(`The fault has cut ${plural(connections, 'connection')}.`),
      ended: words => {
        this.#end = undefined
        this.#show(false)
        this.#tell(words === '' ? 'The fault is off.' : words)
      }
    })
    if (end === undefined) return this.#say('This page has a fault in another channel. Switch that one off first.')
    this.#end = end
    this.#show(true)
  }

  /** Says it, and records it. */
  #tell(words: string): void {
    this.#say(words)
    this.#session.record({ kind: 'fault', words })
  }

  #show(on: boolean): void {
    this.#switch.setAttribute('aria-pressed', String(on))
    setText(this.#switch, on ? 'Switch the fault off' : 'Switch the fault on')
    this.#bar.classList.toggle('on', on)
    for (const select of this.#bar.querySelectorAll('select')) select.disabled = on
  }
}

/** The plan in words. */
export function inWords({ delayMs, readBytesPerSecond, cutEveryMs }: FaultPlan): string {
  return [
    delayMs === undefined ? '' : `everything comes ${delayMs} ms later`,
    readBytesPerSecond === undefined ? '' : `they read ${bytes(readBytesPerSecond)}/s`,
    cutEveryMs === undefined ? '' : `connections are cut every ${cutEveryMs / 1000} s`
  ]
    .filter(part => part !== '')
    .join(', ')
}
