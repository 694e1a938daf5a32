// The answers of the API, as far as the console reads them. docs/API.md describes them.
import type { Scope } from './session.ts'

/** `/api/health`. Without the token only the first two members are present. */
export interface Health {
  status: string
  version: string
  uptimeSeconds: number
  proxyId?: string
  /** The name that the user gave this computer. */
  proxyName?: string
  channels: number
  peers: number
  discovery?: { state: string; interfaces: string[] }
  mesh: { port: number; links: number }
  cluster?: ClusterHealth
  /** Addresses for devices without a proxy. */
  lan?: string[]
}

export interface ClusterHealth {
  state: 'connecting' | 'connected' | 'disconnected' | 'closed'
  server?: string
  error?: string
  proxies: number
}

/** One of `/api/channels`. */
export interface ApiChannel {
  /** Undefined if this proxy has forgotten it. */
  name?: string
  tag: string
  scope: Scope
  peers: { local: number; remote: number }
  messages: number
  bytes: number
  /** The fault for developers that is on. */
  fault?: { delayMs?: number; readBytesPerSecond?: number; cutEveryMs?: number }
}

/** One of `links` in `/api/links`. */
export interface ApiLink {
  proxyId: string
  /** Name of the computer, if it is known. */
  proxyName?: string
  address: string
  role: string
  state: 'open' | 'resuming'
  since: string
  resumptions: number
  channels: string[]
  rttMs?: number
  messages: { in: number; out: number }
  bytes: { in: number; out: number }
}

/** One of `cluster` in `/api/links`. */
export interface ApiClusterProxy {
  proxyId: string
  /** Name of the computer, if it is known. */
  proxyName?: string
  since: string
  channels: string[]
  messages: { in: number }
  bytes: { in: number }
}

/** One of `findings` in `/api/doctor`. */
export interface Finding {
  check: string
  level: 'ok' | 'note' | 'problem'
  code?: string
  text: string
  remedy?: string
}
