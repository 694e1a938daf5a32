// Joins file transfers to a channel of the library: its messages, its peers, its state. Loaded when a page sends or takes
// its first file (network-web-socket.ts).
import type { Connection } from '../connection.ts'
import type { EnvelopeProtocol } from '../envelope-protocol.ts'
import type { NetworkErrorEvent } from '../events.ts'
import { OPEN } from '../socket-surface.ts'
import { binaryHeadBytes, encodeText, startBinary } from '../wire.ts'
import type { CreateHasher } from './hash.ts'
import type { FilePort } from './port.ts'
import { FileTransfers } from './transfers.ts'

/** The parts of a channel that transfers use. */
export interface ChannelAccess {
  readonly socket: EventTarget & { readonly readyState: number; readonly bufferedAmount: number }
  readonly connection: Connection
  readonly protocol: EnvelopeProtocol
}

/** Bytes that may wait in the socket. */
const HIGH_WATER = 1024 * 1024
/** How often a full socket is looked at: platforms do not say when there is room. Milliseconds. */
const POLL_MS = 4

/** The transfers of a channel. */
export function attachFiles(
  { socket, connection, protocol }: ChannelAccess,
  createHasher: CreateHasher
): FileTransfers {
  const port: FilePort = {
    tell: (json, peer) => {
      if (socket.readyState === OPEN) connection.sendFrame(encodeText(json, peer), peer)
    },
    frame: (peer, length) => startBinary(new Uint8Array(binaryHeadBytes(peer) + length), peer),
    send: ({ bytes }, peer) => {
      if (socket.readyState === OPEN) connection.sendFrame(bytes, peer)
    },
    ready: async () => {
      while (socket.bufferedAmount > HIGH_WATER && socket.readyState === OPEN)
        await new Promise(resolve => setTimeout(resolve, POLL_MS))
      if (socket.readyState !== OPEN) throw new Error('The channel is not open.')
    }
  }
  const transfers = new FileTransfers(port, createHasher)
  const { channel } = transfers
  protocol.listenForFiles(channel)
  socket.addEventListener('error', event => {
    if ((event as NetworkErrorEvent).code === 'NWS_ERR_RATE_LIMITED') channel.slower()
  })
  socket.addEventListener('close', () => channel.closed())
  return transfers
}
