// The file transfers of the command's channel, also when the proxy goes away and comes back.
import { createHash } from 'node:crypto'
import type { FilePort, Frame } from '../../client/files/port.ts'
import { CHUNK_BYTES, CHUNK_HEAD_BYTES } from '../../client/files/chunk.ts'
import { FileTransfers } from '../../client/files/transfers.ts'
import { binaryHeadBytes, startBinary } from '../../client/wire.ts'
import type { CliError, ProxyError } from '../errors.ts'
import type { Proxy } from '../proxy.ts'
import type { ChannelConnection } from '../socket.ts'
import { stayJoined } from '../stay-joined.ts'

/** Bytes of a frame with one part of a file: head of the envelope with the longest id, head of the part, content. */
const FRAME_BYTES = 257 + CHUNK_HEAD_BYTES + CHUNK_BYTES
const MAX_FREE = 32

/** A channel with its transfers. */
export interface FileRoom {
  readonly transfers: FileTransfers
  /** Leaves when the proxy has taken everything. */
  readonly leave: () => Promise<void>
}

/** Buffers for frames, which are used again: a new one for each part costs more than its content. */
class FramePool {
  readonly #free: Uint8Array<ArrayBuffer>[] = []

  take(peer: string, length: number): Frame {
    const { byteLength } = this.#free.at(-1) ?? {}
    const size = binaryHeadBytes(peer) + length
    const bytes =
      byteLength !== undefined && byteLength >= size ? this.#free.pop()! : new Uint8Array(Math.max(size, FRAME_BYTES))
    return startBinary(bytes.subarray(0, size), peer)
  }

  giveBack({ buffer }: Uint8Array<ArrayBuffer>): void {
    if (this.#free.length < MAX_FREE) this.#free.push(new Uint8Array(buffer))
  }
}

/**
 * Joins.
 *
 * @param timeoutMs how long the other end of a transfer may be away
 * @param over there will be no connection any more
 * @throws CliError, ProxyError if the first attempt fails
 */
export async function joinRoom(
  proxy: Proxy,
  name: string,
  timeoutMs: number,
  over: (error: CliError | ProxyError) => void
): Promise<FileRoom> {
  let connection: ChannelConnection | undefined
  const frames = new FramePool()
  const port: FilePort = {
    tell: (json, peer) => connection?.sendJson(json, peer),
    frame: (peer, length) => frames.take(peer, length),
    send: ({ bytes }) => connection?.sendFrame(bytes, () => frames.giveBack(bytes)),
    ready: async () => {
      if (connection === undefined) throw new Error('The proxy is away.')
      await connection.ready()
    }
  }
  const transfers = new FileTransfers(port, () => createHash('sha256'), { timings: { patienceMs: timeoutMs } })
  const { channel } = transfers
  const room = await stayJoined(proxy, name, {
    reconnect: true,
    joined: made => {
      connection = made
      channel.joined(made.peers)
    },
    file: ({ source, data }) => 'json' in data && channel.receivedJson(source, data.json),
    received: ({ source, data }) => 'bytes' in data && channel.receivedBytes(source, new Uint8Array(data.bytes)),
    presence: (change, peer) => (change === 'connect' ? channel.came(peer) : channel.left(peer)),
    refused: ({ code }) => {
      if (code === 'NWS_ERR_RATE_LIMITED') channel.slower()
    },
    lost: () => {
      connection = undefined
      channel.lost()
    },
    over: () => over(room.end!)
  })
  return {
    transfers,
    leave: async () => {
      await room.connection?.fence().catch(() => {})
      await room.leave()
    }
  }
}
