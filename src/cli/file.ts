// `nws file send|receive <channel>`: a file from one peer to others, in parts, with a checksum, going on after a cut. The two
// commands and how they end; not what is said (file/messages.ts).
import { createHash, randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Command } from 'commander'
import { takeChannel, withChannel, type ChannelOptions } from './channel-argument.ts'
import { safeName } from '../client/files/names.ts'
import { CliError, fileError } from './errors.ts'
import { Pace } from './file/pace.ts'
import { exists, PartFile } from './file/part-file.ts'
import { FileReceiver, type Offer } from './file/receiver.ts'
import { FileSender, type OfferedFile, type Receiver } from './file/sender.ts'
import { countOf, numberOf } from './numbers.ts'
import { bytesText, note, printable, styled, write, writeJson } from './output.ts'
import { Progress } from './progress.ts'
import { proxyOf, withProxy, type ProxyOptions } from './proxy.ts'
import { stayJoined } from './stay-joined.ts'

interface SendOptions extends ProxyOptions, ChannelOptions {
  readonly receivers: string
  readonly timeout: string
  readonly json?: true
}

interface ReceiveOptions extends ProxyOptions, ChannelOptions {
  readonly output?: string
  readonly directory: string
  readonly overwrite?: true
  readonly from?: string
  readonly timeout: string
  readonly json?: true
}

/** The commands. */
export function fileCommand(): Command {
  const file = new Command('file').description('send or receive a file through a channel')
  file.addCommand(
    withProxy(
      withChannel(new Command('send').description('offer a file to whoever receives in the channel')).argument(
        '[path]',
        'the file'
      )
    )
      .option('--receivers <number>', 'go on until so many have got it', '1')
      .option('--timeout <seconds>', 'how long to wait for receivers, and for those that went away', '300')
      .option('--json', 'print a JSON object for each receiver that has got it')
      .addHelpText(
        'after',
        '\nSeveral receivers are served side by side, each at its own pace. The command ends when all that asked for the\nfile have it, and at least --receivers. Exit code 6: some have it, others have not.'
      )
      .action(send)
  )
  file.addCommand(
    withProxy(withChannel(new Command('receive').description('receive the first file that is offered in the channel')))
      .option('--output <path>', 'where to put it (default: under the offered name)')
      .option('--directory <path>', 'folder for the offered name', '.')
      .option('--overwrite', 'replace a file that is there')
      .option('--from <peer>', 'only from this peer')
      .option('--timeout <seconds>', 'how long to wait for an offer, and for a sender that went away', '300')
      .option('--json', 'print a JSON object and not only the path')
      .action(receive)
  )
  return file
}

async function openFile(path: string): Promise<OfferedFile> {
  try {
    const handle = await open(path, 'r')
    const before = await handle.stat()
    if (!before.isFile()) throw new CliError('NWS_CLI_FILE', 'Only ordinary files can be sent.')
    const hash = createHash('sha256')
    for await (const chunk of handle.createReadStream({ autoClose: false, start: 0 })) hash.update(chunk as Buffer)
    const check = async (): Promise<void> => {
      const now = await handle.stat()
      if (now.size !== before.size || now.mtimeMs !== before.mtimeMs) throw new CliError('NWS_CLI_FILE_CHANGED')
    }
    await check()
    return { name: basename(path), size: before.size, sha256: hash.digest('hex'), handle, check }
  } catch (error) {
    throw error instanceof CliError ? error : fileError(path, error)
  }
}

/** A promise that others settle, and whose settling wakes a loop. */
class Bell {
  #waiting: (() => void) | undefined
  #rung = false

  ring(): void {
    this.#rung = true
    this.#waiting?.()
  }

  /** Resolves at the next ring; false where the time is up before. @param deadline as `performance.now`; undefined: none */
  async next(deadline: number | undefined): Promise<boolean> {
    if (!this.#rung) {
      await new Promise<void>(resolve => {
        const timer =
          deadline === undefined ? undefined : setTimeout(resolve, Math.max(0, deadline - performance.now()))
        this.#waiting = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    const rung = this.#rung
    this.#rung = false
    return rung
  }
}

const isOver = (deadline: number | undefined): boolean => deadline !== undefined && performance.now() >= deadline

async function send(channel: string | undefined, path: string | undefined, options: SendOptions): Promise<void> {
  const wanted = countOf('--receivers', options.receivers, 1000)
  const timeoutMs = numberOf('--timeout', options.timeout, 0.1, 86_400) * 1000
  const proxy = proxyOf(options)
  const {
    name,
    rest: [file]
  } = await takeChannel([channel, path], options)
  if (file === undefined) throw new CliError('NWS_CLI_USAGE', 'Name the file after the channel.')
  const offered = await openFile(file)
  const bell = new Bell()
  const pace = new Pace()
  let broken: unknown
  const sender = new FileSender(offered, pace, {
    changed: () => bell.ring(),
    broken: error => {
      broken = error instanceof CliError ? error : new CliError('NWS_CLI_FILE_CHANGED')
      bell.ring()
    }
  })
  const room = await stayJoined(proxy, name, {
    reconnect: true,
    joined: connection => sender.joined(connection),
    received: message => sender.received(message),
    presence: (change, peer) => {
      if (change === 'disconnect') sender.left(peer)
    },
    refused: error => {
      if (error.code === 'NWS_ERR_RATE_LIMITED') pace.slower()
    },
    lost: () => sender.lost(),
    over: () => bell.ring()
  })
  note(styled(`Offering ${printable(offered.name)}, ${bytesText(offered.size)}, sha256 ${offered.sha256}`, 'dim'))
  const progress = new Progress(offered.name, offered.size)
  const told = new Set<Receiver>()
  /** Until when somebody has to come; undefined while somebody is served. What rings meanwhile does not put it off. */
  let deadline: number | undefined
  for (;;) {
    const all = [...sender.receivers.values()]
    const done = all.filter(({ state }) => state === 'done')
    const running = all.filter(({ state }) => state === 'running')
    const slowest = Math.min(...running.map(({ has }) => has))
    if (running.length > 0)
      progress.at(
        slowest,
        all.length > 1
          ? `${done.length} of ${all.length} receivers`
          : running[0]!.peer === undefined
            ? 'waiting for the receiver'
            : ''
      )
    for (const receiver of done) {
      if (told.has(receiver)) continue
      told.add(receiver)
      deadline = undefined
      if (options.json === true)
        await writeJson({ receiver: receiver.peer, name: offered.name, size: offered.size, sha256: offered.sha256 })
    }
    if (broken === undefined && running.length === 0 && done.length >= wanted) break
    // Who is there and running decides by itself how long it takes; only for the others there is a limit.
    const waits = running.some(({ peer }) => peer !== undefined) && broken === undefined && room.end === undefined
    deadline = waits ? undefined : (deadline ?? performance.now() + timeoutMs)
    if (broken !== undefined || room.end !== undefined || isOver(deadline) || !(await bell.next(deadline))) break
  }
  progress.end()
  const all = [...sender.receivers.values()]
  const done = all.filter(({ state }) => state === 'done').length
  if (broken !== undefined) sender.fail()
  await room.connection?.fence().catch(() => {}) // So that farewells are on their way.
  await room.leave()
  await offered.handle.close()
  if (broken !== undefined) throw broken as Error
  if (done === 0 && all.length === 0) throw room.end ?? new CliError('NWS_CLI_TIMEOUT')
  if (done < Math.max(wanted, all.length))
    throw new CliError(
      done === 0 ? 'NWS_CLI_FILE_INCOMPLETE' : 'NWS_CLI_FILE_PARTIAL',
      `${done} of ${Math.max(wanted, all.length)} have it.`
    )
  note(styled(`Sent to ${done} ${done === 1 ? 'receiver' : 'receivers'}.`, 'dim'))
}

async function receive(channel: string | undefined, options: ReceiveOptions): Promise<void> {
  const timeoutMs = numberOf('--timeout', options.timeout, 0.1, 86_400) * 1000
  const proxy = proxyOf(options)
  const { name } = await takeChannel([channel], options)
  const bell = new Bell()
  const state: { offer?: Offer; complete?: true; broken?: unknown } = {}
  const receiver = new FileReceiver(randomBytes(8).toString('hex'), {
    offered: offer => {
      if (options.from !== undefined && offer.source !== options.from) return
      state.offer ??= offer
      bell.ring()
    },
    changed: () => bell.ring(),
    complete: () => {
      state.complete = true
      bell.ring()
    },
    broken: error => {
      state.broken = error ?? new CliError('NWS_CLI_FILE_STOPPED')
      bell.ring()
    }
  })
  const room = await stayJoined(proxy, name, {
    reconnect: true,
    joined: connection => receiver.joined(connection),
    received: message => receiver.received(message),
    presence: (change, peer) => {
      if (change === 'connect') receiver.came(peer)
      else receiver.left(peer)
    },
    lost: () => receiver.lost(),
    over: () => bell.ring()
  })
  let part: PartFile | undefined
  try {
    let deadline: number | undefined = performance.now() + timeoutMs
    while (state.offer === undefined) {
      if (room.end !== undefined) throw room.end
      if (isOver(deadline) || !(await bell.next(deadline))) throw new CliError('NWS_CLI_TIMEOUT')
    }
    const { offer } = state
    const path = await placeOf(offer, options)
    part = await PartFile.open({ path, overwrite: options.overwrite === true }, offer.size, offer.sha256)
    if (part.size > 0) note(styled(`Going on at ${bytesText(part.size)} of an earlier transfer.`, 'dim'))
    note(styled(`Receiving ${printable(offer.name)}, ${bytesText(offer.size)}, from ${offer.source}`, 'dim'))
    const progress = new Progress(offer.name, offer.size)
    receiver.accept(offer, part)
    deadline = undefined
    while (state.complete !== true) {
      progress.at(part.size, receiver.hasSender ? '' : 'waiting for the sender')
      if (state.broken !== undefined) throw state.broken as Error
      if (room.end !== undefined) throw room.end
      deadline = receiver.hasSender ? undefined : (deadline ?? performance.now() + timeoutMs)
      if (isOver(deadline) || !(await bell.next(deadline))) throw new CliError('NWS_CLI_FILE_INCOMPLETE')
    }
    progress.at(part.size)
    progress.end()
    const finish = await part.finish(offer.sha256)
    await receiver.farewell(finish === 'ok')
    if (finish === 'wrong checksum') throw new CliError('NWS_CLI_FILE_CHECKSUM')
    if (finish === 'exists')
      throw new CliError('NWS_CLI_FILE_EXISTS', 'Allow --overwrite, or choose another place with --output.')
    if (options.json === true) await writeJson({ path, size: offer.size, sha256: offer.sha256, from: offer.source })
    else await write(`${path}\n`)
  } finally {
    receiver.stop()
    await part?.close()
    await room.leave()
  }
}

/** Where the file goes. @throws CliError where there is a file, or the name is none */
async function placeOf({ name }: Offer, { output, directory, overwrite }: ReceiveOptions): Promise<string> {
  const path = output ?? join(directory, safeName(name))
  if (overwrite !== true && (await exists(path)))
    throw new CliError('NWS_CLI_FILE_EXISTS', 'Allow --overwrite, or choose another place with --output.')
  return path
}
