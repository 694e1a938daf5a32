// `nws file send`: offers files until enough receivers have them, and prints a receipt for each. The options are in file.ts.
import { fileErrors } from '../../client/files/errors.ts'
import type { SendProgress } from '../../client/files/recipient.ts'
import { friendlyWords } from '../../core/friendly-words.ts'
import { takeChannel, type ChannelOptions } from '../channel-argument.ts'
import { CliError, type ProxyError } from '../errors.ts'
import { countOf, numberOf } from '../numbers.ts'
import { bytesText, note, onReaderGone, printable, styled, write, writeJson } from '../output.ts'
import { Progress } from '../progress.ts'
import { proxyOf, type ProxyOptions } from '../proxy.ts'
import { TRANSFER_WORDS, wordName } from '../words.ts'
import { gather, type Gathered } from './gather.ts'
import { onInterrupt } from './interrupt.ts'
import { transferProblem } from './problem.ts'
import { joinRoom } from './room.ts'

/** Options of the command. */
export interface SendOptions extends ProxyOptions, ChannelOptions {
  readonly code?: true
  readonly as: string
  readonly receivers: string
  readonly timeout: string
  readonly json?: true
}

/** The action of the command. */
export async function send(
  channel: string | undefined,
  others: readonly string[],
  options: SendOptions
): Promise<void> {
  const words = channel === undefined ? [] : [channel, ...others]
  const receivers = countOf('--receivers', options.receivers, 1000)
  const timeoutMs = numberOf('--timeout', options.timeout, 0.1, 86_400) * 1000
  const proxy = proxyOf(options)
  const { name, paths } = await channelAndPaths(words, options)
  const gathered = await gather(paths, options.as)
  let end: CliError | ProxyError | undefined
  const room = await joinRoom(proxy, name, timeoutMs, error => {
    end = error
    offering.close('NWS_CLIENT_FILE_GONE')
  })
  const display = new Display(gathered, options.json === true)
  onReaderGone(() => {}) // Receivers get the files all the same.
  const idle = new IdleTimer(timeoutMs, () => {
    if (display.states.size === 0) end ??= new CliError('NWS_CLI_TIMEOUT')
    offering.close('NWS_CLIENT_FILE_OVER')
  })
  const offering = room.transfers.offer(gathered.files, {
    title: gathered.title,
    version: gathered.version,
    receivers,
    onProgress: progress => {
      display.show(progress)
      idle.set(!display.isReceiving)
      // The code is for one person: it is over when that one does not want it.
      if (options.code === true && progress.state === 'refused' && progress.code === 'NWS_CLIENT_FILE_DECLINED')
        offering.close('NWS_CLIENT_FILE_OVER')
    }
  })
  idle.set(true)
  const { length } = gathered.files
  const files = length === 1 || gathered.title === `${length} files` ? '' : `, ${length} files`
  const size = gathered.size === undefined ? '' : `, ${bytesText(gathered.size)}`
  if (gathered.skipped > 0) note(`Links and special files are not sent: ${gathered.skipped}.`)
  note(styled(`Offering ${printable(gathered.title)}${files}${size}.`, 'dim'))
  if (options.code === true) {
    note('On the other computer:')
    if (options.json === true) await writeJson({ code: name })
    else await write(`nws file receive ${name}\n`)
  }
  const interrupted = onInterrupt(() => offering.close('NWS_CLIENT_FILE_CANCELLED'))
  try {
    await offering.finished
  } catch (error) {
    throw transferProblem(error)
  } finally {
    idle.stop()
    display.end()
    await room.leave()
    interrupted.done()
  }
  conclude(display, receivers, end)
}

/** With --code the name is made, and all words are paths. */
async function channelAndPaths(
  words: readonly string[],
  options: SendOptions
): Promise<{ name: string; paths: string[] }> {
  if (options.code === true) {
    if (options.channelFile !== undefined)
      throw new CliError('NWS_CLI_USAGE', 'A code is the name of a channel: leave out --channel-file.')
    if (words.length === 0) throw new CliError('NWS_CLI_USAGE', 'Name the files to send.')
    return { name: wordName(TRANSFER_WORDS), paths: [...words] }
  }
  const { name, rest } = await takeChannel(options.channelFile === undefined ? words : [...words, undefined], options)
  const paths = rest.filter(path => path !== undefined)
  if (paths.length === 0) throw new CliError('NWS_CLI_USAGE', 'Name the files to send after the channel.')
  const stdins = [options.channelFile ?? words[0], ...paths].filter(word => word === '-').length
  if (stdins > 1) throw new CliError('NWS_CLI_USAGE', 'Standard input can be read once: as the channel or as a file.')
  return { name, paths }
}

/** @throws CliError, ProxyError unless enough have everything */
function conclude(display: Display, receivers: number, end: CliError | ProxyError | undefined): void {
  const states = [...display.states.values()]
  const completed = states.filter(({ state }) => state === 'completed').length
  // A receiver that is gone may have begun again as another one.
  const isGone = ({ code }: SendProgress): boolean => code === 'NWS_CLIENT_FILE_GONE'
  const begun = states.filter(state => state.code !== undefined && state.bytes > 0 && !isGone(state)).length
  if (completed > 0 && completed >= receivers && begun === 0) {
    note(styled(`Sent to ${completed} ${completed === 1 ? 'receiver' : 'receivers'}.`, 'dim'))
    return
  }
  if (completed > 0)
    throw new CliError('NWS_CLI_FILE_PARTIAL', `${completed} of ${Math.max(receivers, completed + begun)} have it.`)
  if (end !== undefined) throw end
  const refused = states.filter(({ code }) => code !== undefined && code !== 'NWS_CLIENT_FILE_NO_ANSWER')
  if (refused.some(state => isGone(state) && state.bytes > 0)) throw new CliError('NWS_CLI_FILE_INCOMPLETE')
  throw new CliError(
    refused.some(({ code }) => code !== 'NWS_CLIENT_FILE_OVER') ? 'NWS_CLI_FILE_REFUSED' : 'NWS_CLI_TIMEOUT'
  )
}

/** Runs out if nothing is received for so long. */
class IdleTimer {
  #timer: NodeJS.Timeout | undefined
  readonly #ms: number
  readonly #over: () => void

  constructor(ms: number, over: () => void) {
    this.#ms = ms
    this.#over = over
  }

  /** A second call with true does not put off the end. */
  set(isIdle: boolean): void {
    if (isIdle) this.#timer ??= setTimeout(this.#over, this.#ms)
    else this.stop()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

/** Shows the receivers to the user. */
class Display {
  readonly states = new Map<string, SendProgress>()
  readonly #gathered: Gathered
  readonly #json: boolean
  readonly #progress: Progress
  /** When each began to receive. */
  readonly #began = new Map<string, number>()

  constructor(gathered: Gathered, json: boolean) {
    this.#gathered = gathered
    this.#json = json
    this.#progress = new Progress(gathered.title, gathered.size)
  }

  /** Whether at least one is there and receiving: it decides by itself how long it takes. */
  get isReceiving(): boolean {
    return [...this.states.values()].some(({ state }) => state === 'receiving')
  }

  show(progress: SendProgress): void {
    const { peer, state, code, bytes } = progress
    const before = this.states.get(peer)
    this.states.set(peer, progress)
    if (state !== before?.state) {
      if (state === 'receiving' && !this.#began.has(peer)) this.#began.set(peer, performance.now())
      if (state === 'away') this.#say(peer, 'has left, and may come back.')
      else if (state === 'completed') this.#completed(peer, bytes)
      else if (state === 'refused' && code !== 'NWS_CLIENT_FILE_NO_ANSWER' && code !== 'NWS_CLIENT_FILE_OVER')
        this.#refused(peer, code!, before)
    }
    const all = [...this.states.values()]
    const running = all.filter(({ state }) => state === 'receiving' || state === 'away')
    if (running.length === 0) return
    const done = all.filter(({ state }) => state === 'completed').length
    const others = done + running.length > 1 ? `${done} of ${done + running.length} receivers` : ''
    this.#progress.at(Math.min(...running.map(({ bytes }) => bytes)), others)
  }

  end(): void {
    this.#progress.end()
  }

  #completed(peer: string, bytes: number): void {
    const seconds = (performance.now() - (this.#began.get(peer) ?? 0)) / 1000
    if (this.#json)
      void writeJson({ receiver: peer, name: this.#gathered.title, files: this.#gathered.files.length, size: bytes })
    else
      this.#say(
        peer,
        `has everything: ${bytesText(bytes)}, ${bytesText(Math.round(bytes / Math.max(0.001, seconds)))}/s.`
      )
  }

  #refused(peer: string, code: keyof typeof fileErrors, before: SendProgress | undefined): void {
    // A peer that left without an answer is of no interest.
    if (code === 'NWS_CLIENT_FILE_GONE' && before?.state !== 'receiving' && before?.state !== 'away') return
    if (this.#json) void writeJson({ receiver: peer, refused: code })
    this.#say(peer, `has not got it. ${code}: ${fileErrors[code]}`)
  }

  #say(peer: string, words: string): void {
    this.#progress.end()
    note(`Peer ${friendlyWords(peer)} ${words}`)
  }
}
