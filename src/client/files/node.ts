// File transfers for Node.js: as index.ts, with the hash of node:crypto, which is several times as fast.
import { createHash } from 'node:crypto'
import { attachFiles, type ChannelAccess } from './channel.ts'
import type { FilePort } from './port.ts'
import { FileTransfers, type TransferOptions } from './transfers.ts'

const createHasher = () => createHash('sha256')

/** Of a channel of the library. */
export function attach(access: ChannelAccess): FileTransfers {
  return attachFiles(access, createHasher)
}

/** Over any transport that brings messages to single peers in order. */
export function createTransfers(port: FilePort, options?: TransferOptions): FileTransfers {
  return new FileTransfers(port, createHasher, options)
}
