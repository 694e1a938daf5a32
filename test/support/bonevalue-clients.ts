// Pages of BoneValue without a browser: the client library in Node.js against a real rendezvous, with connections in memory.
// Asserts nothing.
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import { BoneValue } from '../../src/client/bonevalue/bone-value.ts'
import type { BoneValueOptions } from '../../src/client/bonevalue/options.ts'
import type { WebSocketClass } from '../../src/client/bonevalue/rendezvous.ts'
import type { FakeNetwork } from './fake-rtc.ts'
import { enrol, exchangeToken, logIn } from './rendezvous.ts'

/** A page: the library, and what it has told, in order. */
export interface FakePage {
  readonly $BV: BoneValue
  readonly events: string[]
  /** Waits for an event that begins so, told after the last one that was waited for. */
  heard(beginning: string): Promise<string>
  /** Sockets that the page has opened, the last one at the end. */
  readonly sockets: WebSocket[]
  /** From now on nothing comes or goes on the open socket, and nobody says so. */
  silence(): void
}

const EVENTS = ['connect', 'disconnect', 'peerconnect', 'peerdisconnect', 'newuser', 'userremove', 'error'] as const

/** Makes a page that is not logged in. */
export function fakePage(t: Test, network: FakeNetwork, options: BoneValueOptions = {}): FakePage {
  const sockets: WebSocket[] = []
  const silent = new WeakSet<WebSocket>()
  class Socket extends WebSocket {
    constructor(url: string) {
      super(url)
      sockets.push(this)
    }

    override emit(name: string | symbol, ...values: unknown[]): boolean {
      return silent.has(this) ? false : super.emit(name, ...values)
    }

    override send(...values: unknown[]): void {
      if (!silent.has(this)) (super.send as (...values: unknown[]) => void)(...values)
    }
  }
  const $BV = new BoneValue({
    WebSocket: Socket as unknown as WebSocketClass,
    RTCPeerConnection: network.RTCPeerConnection,
    ...options
  })
  t.teardown(() => {
    $BV.disconnect()
    for (const socket of sockets) socket.terminate()
  })
  const events: string[] = []
  let at = 0
  let wake: (() => void) | undefined
  for (const name of EVENTS)
    $BV.on(name, (value?: unknown) => {
      const { id, name: alias, code } = Object(value) as Record<string, string>
      events.push([name, code ?? alias ?? (typeof value === 'string' ? value : ''), id ?? ''].join(' ').trim())
      wake?.()
    })
  return {
    $BV,
    events,
    sockets,
    heard: async beginning => {
      for (;;) {
        for (; at < events.length; at++) if (events[at]!.startsWith(beginning)) return events[at++]!
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    },
    silence: () => silent.add(sockets.at(-1)!)
  }
}

/** Accounts of these names, of which the first trusts all others. @returns their sessions */
export async function enrolFriends<Name extends string>(
  t: Test,
  { app, ws }: { readonly app: FastifyInstance; readonly ws: string },
  names: readonly Name[]
): Promise<Record<Name, string>> {
  const sessions = {} as Record<Name, string>
  for (const name of names) sessions[name] = (await enrol(app, name)).session
  const [first, ...others] = names
  if (others.length === 0) return sessions
  const one = await logIn(t, ws, { session: sessions[first!] })
  for (const name of others) {
    const other = await logIn(t, ws, { session: sessions[name] })
    await exchangeToken(one, other, { ofClaimer: name, ofIssuer: first! })
    await other.close()
  }
  await one.close()
  return sessions
}
