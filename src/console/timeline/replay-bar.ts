// The buttons that send a timeline again. The rules are replay.ts.
import { find, setText } from '../dom.ts'
import { plural } from '../format.ts'
import type { Session } from '../session.ts'
import type { Moment } from './entry.ts'
import { Replay, type Outcome, type ReplayClock } from './replay.ts'

const clock: ReplayClock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  }
}

export class ReplayBar {
  readonly #bar: HTMLElement
  readonly #session: Session
  readonly #moments: () => readonly Moment[]
  #replay: Replay | undefined

  /** @param moments what a new replay sends */
  constructor(bar: HTMLElement, session: Session, moments: () => readonly Moment[]) {
    this.#bar = bar
    this.#session = session
    this.#moments = moments
    this.#on('play', replay => replay.play(1))
    this.#on('play-fast', replay => replay.play(10))
    this.#on('step', replay => replay.step())
    this.#button('stop').addEventListener('click', () => {
      if (this.#replay?.state === 'playing') this.#replay.stop()
      else this.reset()
    })
    this.#show()
  }

  /** Ends the replay. The next one begins anew. */
  reset(): void {
    this.#replay?.stop()
    this.#replay = undefined
    this.#show()
  }

  #button(name: string): HTMLButtonElement {
    return find(this.#bar, `[data-part=${name}]`) as HTMLButtonElement
  }

  #on(name: string, run: (replay: Replay) => void): void {
    this.#button(name).addEventListener('click', () => {
      if (this.#replay === undefined || this.#replay.state === 'done')
        this.#replay = new Replay(this.#moments(), { clock, send: moment => this.#send(moment) }, () => this.#show())
      run(this.#replay)
    })
  }

  #send({ to, payload }: Moment): Outcome {
    const { state, id, peers } = this.#session
    if (state !== 'joined') return 'unreachable'
    // A direct message must not become a broadcast.
    if (payload === undefined || to === id || (to !== '' && !peers.has(to))) return 'left out'
    return this.#session.sendPayload(payload, to) ? 'sent' : 'left out'
  }

  #show(): void {
    const replay = this.#replay
    const playing = replay?.state === 'playing'
    setText(this.#button('stop'), playing || replay === undefined ? 'Stop' : 'Begin anew')
    this.#button('stop').disabled = replay === undefined
    setText(find(this.#bar, '[data-part=replay-words]'), replay === undefined ? '' : words(replay))
  }
}

function words({ state, sent, leftOut, total }: Replay): string {
  if (total === 0) return 'No message is here to send again.'
  const done = `${sent} of ${plural(total, 'message')} sent`
  const rest = leftOut === 0 ? '' : `, ${plural(leftOut, 'direct message')} left out: the receiver is not here`
  const end = {
    ready: 'Waits for the next step.',
    playing: 'Playing.',
    stopped: 'Stopped.',
    unreachable: 'Stopped: this page is not in the channel.',
    done: 'Done.'
  }[state]
  return `${done}${rest}. ${end}`
}
