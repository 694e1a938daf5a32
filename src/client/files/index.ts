// File transfers as a module for browsers and bundlers: the library loads it by itself for a channel; programs with another
// transport import it. The hash is one that runs at every origin.
import { sha256 } from '@noble/hashes/sha2.js'
import { attachFiles, type ChannelAccess } from './channel.ts'
import type { FilePort } from './port.ts'
import { FileTransfers, type TransferOptions } from './transfers.ts'

export type { FilePort, Frame } from './port.ts'
export { FileError, fileErrors } from './errors.ts'
export type { FileErrorCode } from './errors.ts'
export type { AcceptOptions, ArrivingFile, FileOffer, ReceivedFile } from './file-offer.ts'
export type { FileReport } from './offering.ts'
export { safeName, safePath } from './names.ts'
export type { PeerState, SendProgress } from './recipient.ts'
export type { Receivable, Sink } from './sink.ts'
export type { Sendable, Source } from './source.ts'
export { FileTransfers } from './transfers.ts'
export type { FileToSend, SendFileOptions, SendOptions, TransferOptions } from './transfers.ts'

const createHasher = () => sha256.create()

/** Of a channel of the library. */
export function attach(access: ChannelAccess): FileTransfers {
  return attachFiles(access, createHasher)
}

/** Over any transport that brings messages to single peers in order. */
export function createTransfers(port: FilePort, options?: TransferOptions): FileTransfers {
  return new FileTransfers(port, createHasher, options)
}
