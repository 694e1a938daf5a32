// Stays in a channel: joins again with growing pauses if the connection is lost. Messages in the meantime are lost.
import { Backoff } from '../client/reconnect.ts'
import { EXIT, type CliError, type ProxyError } from './errors.ts'
import { note, styled } from './output.ts'
import type { Proxy } from './proxy.ts'
import { ChannelConnection, type Received } from './socket.ts'

/** Longest pause between two attempts, milliseconds. */
const MAX_DELAY_MS = 5000

export interface StayOptions {
  readonly reconnect: boolean
  /** Joined, for the first time or again. */
  readonly joined?: (connection: ChannelConnection) => void
  readonly received?: (message: Received, connection: ChannelConnection) => void
  /** A message of a file transfer in JSON. */
  readonly file?: (message: Received) => void
  readonly presence?: (change: 'connect' | 'disconnect', peer: string) => void
  readonly refused?: (error: ProxyError) => void
  /** The connection was lost. Another one may follow. */
  readonly lost?: () => void
  /** The stay is over: see `end`. */
  readonly over?: () => void
}

export interface Stay {
  /** Undefined between two connections. */
  readonly connection: ChannelConnection | undefined
  /** Why it is over. */
  readonly end: CliError | ProxyError | undefined
  readonly leave: () => Promise<void>
}

/** Joins a channel and stays in it. @throws CliError, ProxyError if the first attempt fails */
export async function stayJoined(proxy: Proxy, channel: string, options: StayOptions): Promise<Stay> {
  const backoff = new Backoff({ maxDelayMs: MAX_DELAY_MS })
  let connection: ChannelConnection | undefined
  let end: CliError | ProxyError | undefined
  let leaving = false

  async function join(): Promise<void> {
    const made = await ChannelConnection.open(proxy, channel)
    if (leaving) return await made.close()
    connection = made
    backoff.opened()
    made.on('received', message => options.received?.(message, made))
    made.on('file', message => options.file?.(message))
    made.on('connect', peer => options.presence?.('connect', peer))
    made.on('disconnect', peer => options.presence?.('disconnect', peer))
    made.on('refused', error => options.refused?.(error))
    made.once('closed', lost)
    const { end: early } = made
    options.joined?.(made)
    made.begin()
    if (early !== undefined) lost(early)
  }

  function again(): void {
    join().catch((error: unknown) => lost(error as CliError))
  }

  function lost(error: CliError | ProxyError): void {
    connection = undefined
    if (leaving) return
    options.lost?.()
    const delay = options.reconnect && error.exit !== EXIT.refused ? backoff.next() : undefined
    if (delay === undefined) {
      end = error
      options.over?.()
      return
    }
    if (backoff.attempt === 1) note(styled(`${error.code}: ${error.message} Trying again …`, 'yellow'))
    backoff.schedule(again, delay)
  }

  await join()
  return {
    get connection() {
      return connection
    },
    get end() {
      return end
    },
    leave: async () => {
      leaving = true
      backoff.stop()
      await connection?.close()
    }
  }
}
