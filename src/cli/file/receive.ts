// `nws file receive`: takes one offer, if the user wants it, and prints the paths of its files. The options are in file.ts.
import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { FileError } from '../../client/files/errors.ts'
import type { FileOffer, ReceivedFile } from '../../client/files/file-offer.ts'
import { friendlyWords } from '../../core/friendly-words.ts'
import { takeChannel, type ChannelOptions } from '../channel-argument.ts'
import { CliError, type ProxyError } from '../errors.ts'
import { bytesOf, numberOf } from '../numbers.ts'
import { bytesText, note, printable, styled, write, writeJson } from '../output.ts'
import { Progress } from '../progress.ts'
import { proxyOf, type ProxyOptions } from '../proxy.ts'
import { Destination, standardOutput } from './destination.ts'
import { onInterrupt } from './interrupt.ts'
import { transferProblem } from './problem.ts'
import { joinRoom } from './room.ts'

/** Options of the command. */
export interface ReceiveOptions extends ProxyOptions, ChannelOptions {
  readonly output: string
  readonly yes?: true
  readonly overwrite?: true
  readonly maxSize: string
  readonly from?: string
  readonly timeout: string
  readonly json?: true
}

/** The action of the command. */
export async function receive(channel: string | undefined, options: ReceiveOptions): Promise<void> {
  const timeoutMs = numberOf('--timeout', options.timeout, 0.1, 86_400) * 1000
  const maxSize = bytesOf('--max-size', options.maxSize)
  const asks = options.yes !== true
  if (asks && !(process.stdin.isTTY && process.stderr.isTTY))
    throw new CliError('NWS_CLI_USAGE', 'The command cannot ask here whether to take the files: use --yes.')
  const proxy = proxyOf(options)
  const { name } = await takeChannel([channel], options)
  const cancel = new AbortController()
  const interrupted = onInterrupt(() => cancel.abort(new FileError('NWS_CLIENT_FILE_CANCELLED')))
  let end: CliError | ProxyError | undefined
  const room = await joinRoom(proxy, name, timeoutMs, error => {
    end = error
    cancel.abort(error)
  })
  try {
    const offers = new OfferQueue(options.from)
    room.transfers.onfile = offer => offers.push(offer)
    let offer: FileOffer | undefined
    while (offer === undefined) {
      const next = await offers.next(AbortSignal.any([cancel.signal, AbortSignal.timeout(timeoutMs)]))
      if (!asks || (await isWanted(next, cancel.signal))) offer = next
      else if (!next.signal.aborted) {
        next.refuse()
        throw new CliError('NWS_CLI_FILE_DECLINED')
      }
    }
    offers.refuseRest()
    await take(offer, { ...options, maxSize, signal: cancel.signal })
  } catch (error) {
    throw end ?? ((error as Error).name === 'TimeoutError' ? new CliError('NWS_CLI_TIMEOUT') : transferProblem(error))
  } finally {
    await room.leave()
    interrupted.done()
  }
}

/** Offers in the order of their coming. */
class OfferQueue {
  readonly #from: string | undefined
  #offers: FileOffer[] = []
  #wake: (() => void) | undefined

  constructor(from: string | undefined) {
    this.#from = from
  }

  push(offer: FileOffer): void {
    if (this.#from !== undefined && offer.peer !== this.#from) return offer.refuse()
    this.#offers.push(offer)
    this.#wake?.()
  }

  /** The next one that still stands. @throws the reason of the signal */
  async next(signal: AbortSignal): Promise<FileOffer> {
    for (;;) {
      signal.throwIfAborted()
      const offer = this.#offers.shift()
      if (offer !== undefined && !offer.signal.aborted) return offer
      if (offer === undefined)
        await new Promise<void>(resolve => {
          this.#wake = resolve
          signal.addEventListener('abort', () => resolve(), { once: true })
        })
    }
  }

  refuseRest(): void {
    for (const offer of this.#offers.splice(0)) offer.refuse()
    this.push = offer => offer.refuse()
  }
}

/** An offer in words. */
function wordsOf({ name, files, size }: FileOffer): string {
  const count = files === 1 || name === `${files} files` ? '' : `, ${files} files`
  return `${printable(name)}${count}, ${size === undefined ? 'of unknown size' : bytesText(size)}`
}

function senderOf({ from, peer }: FileOffer): string {
  return from === '' ? `Peer ${friendlyWords(peer)}` : `${printable(from)} (peer ${friendlyWords(peer)})`
}

/** Asks the user. False as well if the offer is over meanwhile. @throws the reason of the signal */
async function isWanted(offer: FileOffer, signal: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  // On a terminal, readline takes Ctrl-C for itself.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  const ended = once(lines, 'close').then(() => '')
  try {
    const it = offer.files === 1 ? 'it' : 'them'
    const question = `${senderOf(offer)} offers ${wordsOf(offer)}: take ${it}? y/N `
    const answered = lines.question(question, { signal: AbortSignal.any([signal, offer.signal]) })
    const answer = await Promise.race([answered, ended])
    return /^y(?:es)?$/i.test(answer.trim())
  } catch (error) {
    note('')
    signal.throwIfAborted()
    if (!offer.signal.aborted) throw error
    note('The offer is over.')
    return false
  } finally {
    lines.close()
  }
}

interface TakeOptions {
  readonly output: string
  readonly overwrite?: true
  readonly maxSize: number
  readonly json?: true
  readonly signal: AbortSignal
}

/** Receives the files. @throws CliError, FileError */
async function take(offer: FileOffer, options: TakeOptions): Promise<void> {
  const { output, maxSize, json, signal } = options
  const isPiped = output === '-'
  if (isPiped && offer.files > 1) {
    offer.refuse()
    throw new CliError('NWS_CLI_FILE', 'Several files cannot go to standard output.')
  }
  let destination: Destination | undefined
  let space = Infinity
  try {
    if (!isPiped) {
      destination = await Destination.of(offer, { output, overwrite: options.overwrite === true })
      // A stream does not say how long it is.
      if (offer.size === undefined) space = await destination.space()
    }
  } catch (error) {
    offer.refuse('NWS_CLIENT_FILE_NOT_WRITTEN')
    throw error
  }
  const { peer } = offer
  note(styled(`Receiving ${wordsOf(offer)}, from ${senderOf(offer)}.`, 'dim'))
  const progress = new Progress(offer.name, offer.size)
  let files: ReceivedFile[]
  try {
    files = await offer.accept({
      sink: destination === undefined ? standardOutput() : file => destination.sinkFor(file),
      maxBytes: Math.min(maxSize, space),
      signal,
      onProgress: ({ bytes }) => progress.at(bytes, offer.peer === '' ? 'waiting for the sender' : '')
    })
    await destination?.finish()
  } catch (error) {
    const { code } = error as FileError
    await destination?.giveUp(code === 'NWS_CLIENT_FILE_GONE' || code === 'NWS_CLIENT_FILE_NO_SPACE')
    throw error
  } finally {
    progress.end()
  }
  if (destination === undefined) return
  const paths = new Set<string>()
  for (const file of files) {
    const path = destination.pathOf(file)
    if (json === true) await writeJson({ path, size: file.size, sha256: file.sha256, from: peer })
    paths.add(offer.files === 1 ? path : destination.topOf(file))
  }
  if (json !== true) for (const path of paths) await write(`${path}\n`)
}
