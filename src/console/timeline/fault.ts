// A fault for developers, as long as a request is open: the proxy ends it when this page goes away. docs/API.md describes it.
import { BASE, currentToken } from '../api.ts'
import type { Scope } from '../session.ts'

export interface FaultPlan {
  delayMs?: number
  readBytesPerSecond?: number
  cutEveryMs?: number
}

export interface FaultEvents {
  /** The proxy has switched it on. @param connections that it concerns now */
  begun(connections: number): void
  cut(connections: number): void
  /** It is over. @param words why, if the page did not end it */
  ended(words: string): void
}

/** Ends the fault of this page. A browser opens few connections to one proxy, so a page has one fault at a time. */
let endCurrent: (() => void) | undefined

/** Switches a fault on. @param except id of this page in the channel @returns ends it; undefined: this page has one already */
export function beginFault(
  { name, scope, except }: { name: string; scope: Scope; except: string },
  plan: FaultPlan,
  events: FaultEvents
): (() => void) | undefined {
  if (endCurrent !== undefined) return undefined
  const controller = new AbortController()
  const end = () => controller.abort()
  endCurrent = end
  const token = currentToken()
  async function run(): Promise<string> {
    const response = await fetch(`${BASE}api/channels/${encodeURIComponent(name)}/fault?scope=${scope}`, {
      method: 'POST',
      cache: 'no-store',
      signal: controller.signal,
      headers: {
        'content-type': 'application/json',
        ...(token === '' ? {} : { authorization: `Bearer ${token}` })
      },
      body: JSON.stringify({ ...plan, ...(except === '' ? {} : { except }) })
    })
    if (!response.ok) return ((await response.json()) as { message?: string }).message ?? String(response.status)
    return await follow(response.body!, events)
  }
  void run()
    .catch(() => (controller.signal.aborted ? '' : 'The connection to the proxy is lost. The fault is off.'))
    .then(words => {
      if (endCurrent === end) endCurrent = undefined
      events.ended(words)
    })
  return end
}

/** Reads the lines of the answer. @returns why it ended */
async function follow(body: ReadableStream<Uint8Array<ArrayBuffer>>, events: FaultEvents): Promise<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return 'The proxy has ended the fault.'
    const lines = (rest + value).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const { connections, cut, ended } = JSON.parse(line) as { connections?: number; cut?: number; ended?: string }
      if (connections !== undefined) events.begun(connections)
      if (cut !== undefined) events.cut(cut)
      if (ended === 'time') return 'The fault is off: it lasts 10 minutes at most.'
      if (ended === 'shutdown') return 'The fault is off: the proxy is shutting down.'
    }
  }
}
