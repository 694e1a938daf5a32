// The view of a timeline: the list of moments, the details of the chosen one, export, import, replay and faults. It draws only
// while it is open; recorder.ts records all the time.
import { find, fromTemplate, make, setText } from '../dom.ts'
import { count, plural } from '../format.ts'
import { Log, MAX_LINES } from '../log.ts'
import { saveAs } from '../log-line.ts'
import type { Session } from '../session.ts'
import { createDetails } from './details.ts'
import { FaultBar } from './fault-bar.ts'
import { fromJsonLines, toJsonLines } from './json-lines.ts'
import { MAX_RECORDED_BYTES, Memory, Recorder, type Recorded } from './recorder.ts'
import { ReplayBar } from './replay-bar.ts'
import { momentLines } from './row.ts'

/** Lines that the page keys move. */
const PAGE = 10

export class TimelineView {
  readonly #session: Session
  readonly #element: HTMLElement
  readonly #list: HTMLElement
  readonly #log: Log<Recorded>
  readonly #replay: ReplayBar
  readonly #fault: FaultBar
  /** A file that is shown in place of the channel. */
  #imported: { name: string; recorder: Recorder } | undefined
  #chosen: HTMLElement | undefined
  #told = ''

  constructor(session: Session) {
    this.#session = session
    this.#element = fromTemplate('timeline-template')
    this.#list = this.#part('moments')
    this.#log = new Log(this.#list, momentLines, () => this.#showState())
    this.#replay = new ReplayBar(this.#part('replay'), session, () => this.#toReplay())
    this.#fault = new FaultBar(this.#part('fault'), session)
    this.#wireTools()
    this.#wireList()
  }

  get element(): HTMLElement {
    return this.#element
  }

  /** Fills the list, and follows the channel. */
  open(): void {
    this.#session.recorder.onadded = moment => {
      if (this.#imported === undefined) this.#log.add(moment)
    }
    this.#fill()
  }

  /** Draws nothing more. A fault and a replay go on. */
  close(): void {
    this.#session.recorder.onadded = undefined
    this.#log.clear()
    this.#choose(undefined)
  }

  /** The session has changed. */
  show(): void {
    this.#fault.show()
  }

  /** The channel is left. */
  end(): void {
    this.close()
    this.#replay.reset()
    this.#fault.end()
  }

  get #recorder(): Recorder {
    return this.#imported?.recorder ?? this.#session.recorder
  }

  #part(name: string): HTMLElement {
    return find(this.#element, `[data-part=${name}]`)
  }

  #fill(): void {
    this.#log.clear()
    this.#choose(undefined)
    for (const moment of this.#recorder.all(MAX_LINES)) this.#log.add(moment)
    this.#log.toEnd()
  }

  #wireTools(): void {
    const filter = this.#part('moment-filter') as HTMLInputElement
    filter.addEventListener('input', () => this.#log.filter(filter.value))
    this.#part('export').addEventListener('click', () => this.#export())
    const file = this.#part('import-file') as HTMLInputElement
    this.#part('import').addEventListener('click', () => file.click())
    file.addEventListener('change', () => {
      const [chosen] = file.files ?? []
      file.value = ''
      if (chosen !== undefined) void this.#import(chosen)
    })
    this.#part('live').addEventListener('click', () => {
      this.#imported = undefined
      this.#told = ''
      this.#replay.reset()
      this.#fill()
      this.#part('import').focus()
    })
    this.#part('moments-clear').addEventListener('click', () => {
      this.#recorder.clear()
      this.#replay.reset()
      this.#fill()
    })
  }

  #export(): void {
    const recorder = this.#recorder
    const moments = recorder.all().map(moment => ({ ...moment, proxy: recorder.proxyOf(moment) }))
    const blob = new Blob([toJsonLines(moments, recorder.dropped)], { type: 'application/jsonl' })
    saveAs(blob, `timeline-${new Date().toISOString().replaceAll(':', '-').slice(0, 19)}.jsonl`)
    this.#say(`${plural(moments.length, 'moment')} exported. The file has all data, and not the name of the channel.`)
  }

  async #import(file: File): Promise<void> {
    const read =
      file.size > MAX_RECORDED_BYTES ? { error: 'The file has more than 50 MB.' } : fromJsonLines(await file.text())
    if ('error' in read) return this.#say(`${file.name} was not imported. ${read.error}`)
    const recorder = new Recorder(new Memory())
    for (const moment of read.moments) recorder.add(moment)
    recorder.dropped += read.dropped
    this.#imported = { name: file.name, recorder }
    this.#told = ''
    this.#replay.reset()
    this.#fill()
  }

  /** The messages from the chosen moment on, or all. */
  #toReplay(): Recorded[] {
    const from = this.#chosen === undefined ? 0 : (this.#log.entryOf(this.#chosen)?.number ?? 0)
    return this.#recorder.all().filter(({ number }) => number >= from)
  }

  #say(words: string): void {
    this.#told = words
    this.#showState()
  }

  #showState(): void {
    const { length, dropped, size } = {
      length: this.#recorder.length,
      dropped: this.#recorder.dropped,
      size: this.#log.size
    }
    const parts = [
      this.#imported === undefined ? plural(length, 'moment') : `${plural(length, 'moment')} of ${this.#imported.name}`,
      length > MAX_LINES && size >= MAX_LINES ? `the list shows the last ${count(MAX_LINES)}` : '',
      dropped > 0 ? `${count(dropped)} older ones were dropped, because the page keeps 50 MB` : '',
      this.#log.showsNothing ? 'the filter hides all' : ''
    ]
    setText(this.#part('moments-count'), `${parts.filter(part => part !== '').join(' · ')}.`)
    setText(this.#part('timeline-words'), this.#told)
    this.#part('live').hidden = this.#imported === undefined
  }

  #wireList(): void {
    this.#list.addEventListener('click', ({ target }) => {
      const line = target instanceof Element ? target.closest<HTMLElement>('.moment') : null
      if (line !== null) this.#choose(line)
    })
    this.#list.addEventListener('keydown', event => {
      const shown = this.#shown()
      const at = this.#chosen === undefined ? shown.length : shown.indexOf(this.#chosen)
      const next = {
        ArrowDown: at + 1,
        ArrowUp: at - 1,
        PageDown: at + PAGE,
        PageUp: at - PAGE,
        Home: 0,
        End: shown.length - 1
      }[event.key]
      if (event.key === 'Escape') this.#choose(undefined)
      if (next === undefined || shown.length === 0) return
      event.preventDefault()
      const line = shown[Math.max(0, Math.min(next, shown.length - 1))]!
      this.#choose(line)
      line.scrollIntoView({ block: 'nearest' })
    })
  }

  #shown(): HTMLElement[] {
    return [...this.#list.querySelectorAll<HTMLElement>('.moment:not([hidden])')]
  }

  #choose(line: HTMLElement | undefined): void {
    if (line === this.#chosen) return
    this.#chosen?.setAttribute('aria-selected', 'false')
    this.#chosen = line
    this.#replay.reset()
    const details = this.#part('details')
    const moment = line === undefined ? undefined : this.#log.entryOf(line)
    details.hidden = moment === undefined
    if (line === undefined || moment === undefined) {
      this.#list.removeAttribute('aria-activedescendant')
      details.replaceChildren()
      return
    }
    line.setAttribute('aria-selected', 'true')
    this.#list.setAttribute('aria-activedescendant', line.id)
    details.replaceChildren(
      make('h3', {}, 'The chosen moment'),
      ...createDetails(moment, this.#recorder, this.#session.id)
    )
  }
}
