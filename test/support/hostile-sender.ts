// A peer that offers files by hand, and lies as a test wants it: about names, sizes, hashes, lengths. Speaks the wire of
// clients and that of transfers, and shares no code with the senders of the library.
import { createHash } from 'node:crypto'
import type { Test } from 'tap'
import { WebSocket } from 'ws'

interface Lie {
  /** Names in the list of the offer. */
  readonly paths: readonly string[]
  /** Name and size that the offer says; by default those of the list. */
  readonly name?: string
  readonly offered?: number | undefined
  /** Size of each file in the list; by default that of the content. */
  readonly listed?: number | undefined
  readonly content?: Buffer
  /** Size and seal at the end; by default the right ones. */
  readonly ended?: number
  readonly seal?: string
}

const sha256 = (...parts: (string | Buffer)[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function sealOf(path: string, size: number, content: Buffer): string {
  const parts = ['nws file', path, String(size), sha256(content).toString('hex')].flatMap(text => {
    const bytes = Buffer.from(text)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    return [length, bytes]
  })
  return sha256(...parts).toString('hex')
}

/** A peer in a channel. */
export class HostileSender {
  /** Codes with which others have refused or given up. */
  readonly codes: string[] = []
  readonly #socket: WebSocket
  readonly #lies = new Map<string, Lie>()
  readonly #waiting = new Set<() => void>()
  #isSought = false
  #offers = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) this.#heard(data.toString())
    })
  }

  static async join(t: Test, url: string, channel: string): Promise<HostileSender> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/${channel}?binary=1`)
    t.teardown(() => socket.terminate())
    const sender = new HostileSender(socket)
    await new Promise((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    return sender
  }

  /** Offers to everybody. @returns id of the offer */
  offer(lie: Lie): string {
    const id = (++this.#offers).toString(16).padStart(32, '0')
    const { paths, content = Buffer.from('0123456789'), name = paths[0]! } = lie
    this.#lies.set(id, { content, ...lie })
    const size = 'offered' in lie ? lie.offered : content.length * paths.length
    this.#say({ do: 'offer', id, turn: 0, name, files: paths.length, size, version: 'v' }, undefined)
    return id
  }

  /** Resolves when a receiver has told its reason for refusing an offer. */
  async refused(count = 1): Promise<string> {
    while (this.codes.length < count) await this.#changed()
    return this.codes[count - 1]!
  }

  /** Resolves when a receiver has come and asked for offers. */
  async sought(): Promise<void> {
    while (!this.#isSought) await this.#changed()
  }

  async #changed(): Promise<void> {
    await new Promise<void>(resolve => {
      this.#waiting.add(resolve)
    })
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  #heard(text: string): void {
    const { action, source, data } = JSON.parse(text) as { action: string; source: string; data?: { $file?: Heard } }
    const message = data?.$file
    if ((action !== 'message' && action !== 'broadcast') || message === undefined) return
    if (message.do === 'seek') {
      this.#isSought = true
      this.#wake()
    }
    const lie = this.#lies.get(message.id)
    if (lie === undefined) return
    const { paths, content, listed = content!.length, ended = content!.length } = lie
    if (message.do === 'list')
      this.#say(
        {
          do: 'files',
          id: message.id,
          from: message.from,
          files: paths.slice(message.from).map(path => ({ path, size: listed }))
        },
        source
      )
    if (message.do === 'want') {
      const bytes = content!.subarray(message.offset)
      if (bytes.length > 0) this.#pour(source, message.stream, message.offset, bytes)
      const seal = lie.seal ?? sealOf(paths[message.file]!, ended, content!)
      this.#say(
        { do: 'end', id: message.id, receiver: message.receiver, stream: message.stream, size: ended, seal },
        source
      )
    }
    if (message.do === 'done') this.#say({ do: 'bye', id: message.id, receiver: message.receiver }, source)
    if (message.do === 'refuse') {
      this.codes.push(message.code)
      this.#wake()
    }
  }

  #say(message: object, target: string | undefined): void {
    const data = { $file: message }
    this.#socket.send(
      JSON.stringify(target === undefined ? { action: 'broadcast', data } : { action: 'message', target, data })
    )
  }

  #pour(target: string, stream: number, offset: number, bytes: Buffer): void {
    const head = Buffer.alloc(20)
    head.write('\0NWSFILE', 'latin1')
    head.writeUInt32BE(stream, 8)
    head.writeBigUInt64BE(BigInt(offset), 12)
    this.#socket.send(Buffer.concat([Buffer.from([4, target.length]), Buffer.from(target), head, bytes]))
  }
}

interface Heard {
  readonly do: string
  readonly id: string
  readonly receiver: string
  readonly from: number
  readonly file: number
  readonly stream: number
  readonly offset: number
  readonly code: string
}
