// File transfers between pages: the protocol of the channels' transfers, with requests as the way. So files go from page to page
// through no server, a busy page slows its sender down, and the transfers live on while the rendezvous is away.
import type { FilePort } from '../files/port.ts'
import type { FileTransfers, TransferOptions } from '../files/transfers.ts'
import type { Peer } from './peer.ts'

/** The module that takes the messages of transfers. */
export const FILE_MODULE = '$file'

/** Requests that may wait for the answers of one peer. Each carries at most 127 KiB. */
const AT_ONCE = 8

export interface FilePeers {
  /** Settles when the peer has the message, or will not get it. */
  readonly ask: (peerId: string, data: unknown) => Promise<unknown>
  readonly peers: () => readonly Peer[]
}

/** Makes the transfers. @param create from the module of transfers */
export function fileTransfers(
  { ask, peers }: FilePeers,
  create: (port: FilePort, options?: TransferOptions) => FileTransfers
): FileTransfers {
  /** Of each peer, since one that is silent must not hold up the others. */
  const waiting = new Map<string, number>()
  const waitingFor = (peerId: string): number => waiting.get(peerId) ?? 0
  let blocked: (() => void)[] = []
  const send = (peerId: string, data: unknown): void => {
    waiting.set(peerId, waitingFor(peerId) + 1)
    void ask(peerId, data).finally(() => {
      const left = waitingFor(peerId) - 1
      if (left > 0) waiting.set(peerId, left)
      else waiting.delete(peerId)
      const ready = blocked
      blocked = []
      for (const go of ready) go()
    })
  }
  const transfers = create({
    tell: (json, peer) => {
      for (const id of peer === undefined ? peers().map(({ id }) => id) : [peer]) send(id, json)
    },
    frame: (_peer, length) => ({ bytes: new Uint8Array(length), start: 0 }),
    send: ({ bytes }, peer) => send(peer, bytes),
    ready: async peer => {
      while (waitingFor(peer) >= AT_ONCE) await new Promise<void>(go => blocked.push(go))
    }
  })
  transfers.channel.joined(peers().map(({ id }) => id))
  return transfers
}

/** A message of a peer, which may send anything. */
export function receiveFileMessage({ channel }: FileTransfers, peerId: string, data: unknown): void {
  if (data instanceof Uint8Array) {
    channel.receivedBytes(peerId, data)
  } else if (typeof data === 'string') {
    let json: unknown
    try {
      json = JSON.parse(data)
    } catch {
      return
    }
    channel.receivedJson(peerId, json)
  }
}
