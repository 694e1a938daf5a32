// The view of one joined channel: head, peers, log, and the field to write in. The channel is session.ts.
import { copyFrom, find, fromTemplate, keep, make, setText } from './dom.ts'
import { count, plural, short } from './format.ts'
import { Log } from './log.ts'
import { createPeerCard, updatePeerCard } from './peer-card.ts'
import { lineText, logLines } from './log-line.ts'
import { Plot } from './plot.ts'
import { readWritten, looksLikeJson, type Format } from './formats.ts'
import { wireUseInCode } from './use-in-code.ts'
import { TimelineView } from './timeline/view.ts'
import type { Session, Entry, Peer } from './session.ts'

/** Most peers in the list. */
const MAX_LISTED = 200
/** Panels that this page has made, for ids. */
let made = 0
/** Shortest time between two messages for a screen reader, milliseconds. */
const SPEAK_MS = 2000

/** The state of a session that has not joined. */
function stateWords({ state, problem, delayMs }: Session) {
  if (state === 'joining') return 'Joining …'
  if (state === 'left') return 'No longer in the channel.'
  if (problem === '') return 'The connection is lost. Trying again …'
  if (delayMs === Infinity) return problem
  return `Not joined: ${problem} Next attempt in ${Math.max(1, Math.round(delayMs / 1000))} s.`
}

/** The panel of a session. */
export class Panel {
  element = fromTemplate('panel-template')
  /** Messages of others since the panel was last looked at. */
  news = 0
  #session
  #log
  #plot
  #updated
  #lastSpoken = 0
  #speaking = 0
  /** Made when it is opened first. */
  #timeline: TimelineView | undefined

  /**
   * @param options callbacks, and
   * the address that opens this channel
   */
  constructor(
    session: Session,
    {
      updated,
      leave,
      share,
      phone,
      address
    }: { updated: () => void; leave: () => void; share: () => void; phone: () => void; address: string }
  ) {
    this.#session = session
    this.#updated = updated
    this.#plot = new Plot(this.#part('plot'))
    const lines = logLines({
      before: entry => this.#before(entry),
      plot: ({ from }, path) => this.#plot.show(from, path, this.#log.entries())
    })
    this.#log = new Log(this.#part('log'), lines, () => this.#showLog())
    setText(this.#part('name'), session.name)
    this.#part('leave').addEventListener('click', leave)
    const shareButton = this.#part('share')
    shareButton.addEventListener('click', share)
    const phoneButton = this.#part('phone')
    phoneButton.addEventListener('click', phone)
    shareButton.hidden = phoneButton.hidden = session.scope === 'local'
    ;(this.#part('second') as HTMLAnchorElement).href = address
    wireUseInCode(this.#part('use'), session.name, session.scope)
    this.#wireTimeline()
    this.#wireTools()
    this.#wireComposer()
    this.show()
  }

  added(entry: Entry) {
    if (entry.kind === 'message' && entry.from !== 'you') this.news++
    this.#log.add(entry)
    this.#plot.add(entry)
    this.#speak(entry)
  }

  changed(entry: Entry) {
    this.#log.change(entry)
  }

  /** Shows state and peers as they are now. */
  show() {
    const { state, scope, id, peers, isFaulty } = this.#session
    this.#timeline?.show()
    const joined = state === 'joined'
    const others = [...peers.values()]
    this.#showPeers(others)
    this.#showTargets(others)
    // A message for one peer must not go to all others when that peer leaves.
    const gone = !this.#session.reaches(this.#target.value)
    const reach = scope === 'local' ? 'this computer only' : 'whole network'
    setText(
      this.#part('state'),
      joined
        ? `${reach}${id === '' ? '' : ` · you are ${short(id)}`}${isFaulty ? ' · a fault for developers is on' : ''}`
        : stateWords(this.#session)
    )
    for (const name of ['text', 'attach', 'target']) (this.#part(name) as HTMLInputElement).disabled = !joined
    find(this.element, '.composer button.main').toggleAttribute('disabled', !joined || gone)
    this.#part('gone').hidden = !gone
    if (gone)
      setText(this.#part('gone'), `${short(this.#target.value)} has left. Choose who gets the message, then send it.`)
    this.#part('leave').textContent = state === 'left' ? 'Close' : 'Leave'
    // In a channel of raw frames peers have no ids, so the proxy's list includes this page.
    const alone = joined && (scope === 'local' ? others.length === 1 : others.length === 0)
    this.#part('alone').hidden = !alone || this.#log.size > 12
    setText(
      this.#part('peers-title'),
      scope === 'local' ? `${plural(others.length, 'peer')}, you among them` : plural(others.length, 'other peer')
    )
  }

  /** The channel is left. */
  close() {
    this.#timeline?.end()
  }

  /** The panel is in sight. */
  seen() {
    this.news = 0
    this.#log.toEnd()
    this.#showLog()
  }

  focus() {
    const text = this.#part('text')
    if ((text as HTMLTextAreaElement).disabled) this.element.focus()
    else text.focus()
  }

  #part(name: string) {
    return find(this.element, `[data-part=${name}]`)
  }

  #wireTimeline() {
    const fold = this.#part('timeline') as HTMLDetailsElement
    fold.addEventListener('toggle', () => {
      if (!fold.open) return this.#timeline?.close()
      if (this.#timeline === undefined) {
        this.#timeline = new TimelineView(this.#session)
        fold.append(this.#timeline.element)
      }
      this.#timeline.open()
    })
  }

  #wireTools() {
    const filter = this.#part('filter') as HTMLInputElement
    filter.addEventListener('input', () => this.#log.filter(filter.value))
    this.#part('pause').addEventListener('click', () => {
      this.#log.pause(!this.#log.paused)
      this.#showLog()
    })
    const copy = this.#part('copy')
    copy.addEventListener('click', () => void copyFrom(copy, this.#log.text))
    this.#part('clear').addEventListener('click', () => this.#log.clear())
    this.#part('unseen').addEventListener('click', () => {
      this.#log.toEnd()
      this.#part('log').focus()
    })
  }

  #wireComposer() {
    const form = this.#part('composer') as HTMLFormElement
    const text = this.#part('text') as HTMLTextAreaElement
    const file = this.#part('file') as HTMLInputElement
    const target = this.#target
    const sendFiles = (files: Iterable<File>) => this.#session.sendFiles([...files], target.value)
    target.id = `target-${++made}`
    this.#part('target-label').setAttribute('for', target.id)
    if (this.#session.scope === 'local') this.#part('target-label').parentElement?.classList.add('everybody')
    form.addEventListener('submit', event => {
      event.preventDefault()
      if (text.value === '') return
      const written = readWritten(text.value, this.#format)
      this.#showProblem('problem' in written ? written.problem : '')
      if ('problem' in written || !this.#session.sendPayload(written, target.value)) return
      text.value = ''
      this.#advise()
      this.#log.toEnd()
      text.focus()
    })
    target.addEventListener('change', () => this.show())
    const formats = this.#part('formats')
    formats.hidden = this.#session.scope === 'local'
    for (const radio of formats.querySelectorAll('input')) radio.name = `format-${made}`
    this.#part('problem').id = `problem-${made}`
    text.setAttribute('aria-describedby', `problem-${made}`)
    formats.addEventListener('change', () => {
      this.#showProblem('')
      this.#advise()
    })
    text.addEventListener('input', () => {
      this.#showProblem('')
      this.#advise()
    })
    this.#part('as-json').addEventListener('click', () => {
      find(formats, '[value=json]').click()
      text.focus()
    })
    text.addEventListener('keydown', event => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
      event.preventDefault()
      form.requestSubmit()
    })
    this.#part('attach').hidden = this.#session.scope === 'local'
    this.#part('attach').addEventListener('click', () => file.click())
    file.addEventListener('change', () => {
      sendFiles(file.files ?? [])
      file.value = ''
    })
    const talk = find(this.element, '.talk')
    talk.addEventListener('dragover', event => {
      event.preventDefault()
      talk.classList.add('dropping')
    })
    talk.addEventListener('dragleave', () => talk.classList.remove('dropping'))
    talk.addEventListener('drop', event => {
      event.preventDefault()
      talk.classList.remove('dropping')
      sendFiles(event.dataTransfer?.files ?? [])
    })
  }

  get #format(): Format {
    return (this.#part('formats').querySelector<HTMLInputElement>('input:checked')?.value ?? 'text') as Format
  }

  /** The JSON message of the same peer before another one. */
  #before(entry: Entry): Entry | undefined {
    let last: Entry | undefined
    for (const each of this.#log.entries()) {
      if (each === entry) return last
      if (each.payload?.type === 'json' && each.from === entry.from) last = each
    }
    return undefined
  }

  #showProblem(problem: string): void {
    setText(this.#part('problem'), problem)
    this.#part('text').setAttribute('aria-invalid', String(problem !== ''))
  }

  /** Says that JSON would go as text. */
  #advise(): void {
    const { value } = this.#part('text') as HTMLTextAreaElement
    const isLocal = this.#session.scope === 'local'
    this.#part('json-hint').hidden =
      isLocal || this.#format !== 'text' || !/^\s*[[{]/.test(value) || !looksLikeJson(value)
  }

  get #target() {
    return this.#part('target') as HTMLSelectElement
  }

  #showPeers(others: Peer[]) {
    const shown = others.slice(0, MAX_LISTED) as (Peer & { rest?: number })[]
    if (others.length > MAX_LISTED) shown.push({ id: '', rest: others.length - MAX_LISTED })
    keep(
      this.#part('peers'),
      shown,
      ({ id }) => id,
      peer => this.#createPeer(peer),
      (item, peer) => {
        if (peer.rest === undefined) updatePeerCard(item, peer, peer.id === this.#target.value)
        else setText(find(item, '.where'), `and ${count(peer.rest)} more`)
      }
    )
  }

  #createPeer(peer: Peer) {
    if (peer.id === '') return make('li', {}, make('span', { className: 'where small quiet' }))
    return createPeerCard(peer, () => {
      const target = this.#target
      target.value = target.value === peer.id ? '' : peer.id
      this.show()
      this.focus()
    })
  }

  #showTargets(others: Peer[]) {
    const target = this.#target
    const chosen = target.value
    const options = [
      '',
      ...others
        .filter(({ socket }) => socket !== undefined)
        .slice(0, MAX_LISTED)
        .map(({ id }) => id)
    ]
    if (!options.includes(chosen)) options.push(chosen)
    keep(
      target,
      options,
      id => id,
      id => make('option', { value: id }),
      (option, id) =>
        setText(option, id === '' ? 'everybody' : `${short(id)} ${this.#session.reaches(id) ? 'alone' : '(gone)'}`)
    )
  }

  #showLog() {
    const { paused, waiting, size, unseen } = this.#log
    const pause = this.#part('pause')
    setText(pause, paused ? `Go on${waiting > 0 ? `, ${count(waiting)} new` : ''}` : 'Pause')
    pause.setAttribute('aria-pressed', String(paused))
    setText(
      this.#part('log-size'),
      this.#log.showsNothing ? `None of ${plural(size, 'line')} has this.` : size > 999 ? plural(size, 'line') : ''
    )
    const button = this.#part('unseen')
    button.hidden = unseen === 0
    if (unseen > 0) setText(button, `↓ ${plural(unseen, 'new line')}`)
    if (size > 12) this.#part('alone').hidden = true
    this.#updated()
  }

  /** Gives the latest message to a screen reader, at most one in two seconds. */
  #speak(entry: Entry) {
    if (entry.from === 'you' || this.element.hidden) return
    clearTimeout(this.#speaking)
    const wait = Math.max(0, this.#lastSpoken + SPEAK_MS - performance.now())
    this.#speaking = setTimeout(() => {
      this.#lastSpoken = performance.now()
      setText(this.#part('spoken'), lineText(entry).slice(0, 200))
    }, wait)
  }
}
