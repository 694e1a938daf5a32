// The library while the browser asks the user whether the page may reach this machine, and after the answer.
import t, { type Test } from 'tap'
import { NetworkWebSocket } from '../../src/client/node.ts'
import { queueEvents } from '../support/events.ts'

/** A page of another site: its globals until the test ends. */
function becomePage(t: Test, state: string) {
  const status = { state, onchange: null as (() => void) | null }
  const requests: string[] = []
  const globals: Record<string, unknown> = {
    location: new URL('https://public.example/'),
    isSecureContext: true,
    navigator: { permissions: { query: async () => status } },
    fetch: async (url: string) => {
      requests.push(url)
      throw new TypeError('Failed to fetch')
    }
  }
  for (const [name, value] of Object.entries(globals)) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name)
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
    t.teardown(() => {
      if (before === undefined) Reflect.deleteProperty(globalThis, name)
      else Object.defineProperty(globalThis, name, before)
    })
  }
  return {
    requests,
    answer: (state: string) => {
      status.state = state
      status.onchange?.()
    }
  }
}

/** WebSockets that the test opens and closes, in the order of the attempts. */
function manualSockets() {
  const attempts: (EventTarget & { readyState: number })[] = []
  let waiting: (() => void) | undefined
  const Class = class extends EventTarget {
    readyState = 0
    binaryType = 'blob'
    protocol = ''
    extensions = ''
    bufferedAmount = 0
    constructor() {
      super()
      attempts.push(this)
      waiting?.()
    }
    send(): void {}
    close(): void {}
  }
  return {
    attempts,
    /** Resolves when there were so many attempts. */
    attempted: async (count: number) => {
      while (attempts.length < count) await new Promise<void>(resolve => (waiting = resolve))
    },
    options: { endpoint: 'ws://localhost:9009', WebSocket: Class as never }
  }
}

t.test('a prompt that the user closes is not opened again', async t => {
  const page = becomePage(t, 'prompt')
  const { attempts, attempted, options } = manualSockets()
  const socket = new NetworkWebSocket('room', { ...options, reconnect: { initialDelayMs: 1, maxDelayMs: 1 } })
  t.teardown(() => socket.close())
  const events = queueEvents(socket, 'error', 'reconnecting', 'close')
  attempts[0]!.dispatchEvent(Object.assign(new Event('close'), { code: 1006, reason: '', wasClean: false }))
  t.match(await events.next(), { type: 'error', code: 'NWS_CLIENT_PERMISSION_NEEDED' })
  t.match(await events.next(), { type: 'reconnecting', detail: { attempt: 1, delayMs: Infinity } })
  t.strictSame(page.requests, [], 'no request asks the user again')

  page.answer('denied')
  t.match(await events.next(), { type: 'error', code: 'NWS_CLIENT_PERMISSION_DENIED' }, 'the change is told')
  t.equal(attempts.length, 1, 'and nothing was attempted')

  page.answer('granted')
  await attempted(2)
  t.strictSame(events.waiting(), [], 'the attempt comes at once, without a delay')
})

t.test('a socket that does not reconnect closes with the reason', async t => {
  const page = becomePage(t, 'prompt')
  const { attempts, options } = manualSockets()
  const socket = new NetworkWebSocket('room', options)
  const events = queueEvents(socket, 'error', 'reconnecting', 'close')
  attempts[0]!.dispatchEvent(Object.assign(new Event('close'), { code: 1006, reason: '', wasClean: false }))
  t.match(await events.next(), { type: 'error', code: 'NWS_CLIENT_PERMISSION_NEEDED' })
  t.match(await events.next(), { type: 'close', code: 1006 })
  t.strictSame(page.requests, [])
})

t.test('the page hears of the prompt while it is open, and once', async t => {
  becomePage(t, 'prompt')
  const { attempts, options } = manualSockets()
  const socket = new NetworkWebSocket('room', options)
  const events = queueEvents(socket, 'error', 'close')
  t.match(await events.next(), { type: 'error', code: 'NWS_CLIENT_PERMISSION_NEEDED' })
  t.equal(socket.readyState, socket.CONNECTING)
  attempts[0]!.dispatchEvent(Object.assign(new Event('close'), { code: 1006, reason: '', wasClean: false }))
  t.match(await events.next(), { type: 'close', code: 1006 })
})

t.test('an attempt that waits is made when the network is back', async t => {
  const page = becomePage(t, 'granted')
  const { attempts, attempted, options } = manualSockets()
  const listeners = new Map<string, EventListener>()
  for (const [name, value] of [
    ['addEventListener', (type: string, listener: EventListener) => listeners.set(type, listener)],
    ['removeEventListener', (type: string) => listeners.delete(type)]
  ] as const) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name)
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
    t.teardown(() => {
      if (before === undefined) Reflect.deleteProperty(globalThis, name)
      else Object.defineProperty(globalThis, name, before)
    })
  }
  const socket = new NetworkWebSocket('room', { ...options, reconnect: { initialDelayMs: 3_600_000, random: () => 1 } })
  const events = queueEvents(socket, 'error', 'reconnecting')
  attempts[0]!.dispatchEvent(Object.assign(new Event('close'), { code: 1006, reason: '', wasClean: false }))
  t.match(await events.next(), { type: 'error', code: 'NWS_CLIENT_NOT_RUNNING' })
  t.ok(page.requests.length > 0)
  await events.next()
  t.equal(attempts.length, 1)
  listeners.get('online')!(new Event('online'))
  await attempted(2)
  socket.close()
  await new Promise<void>(resolve => queueMicrotask(resolve))
  t.equal(listeners.size, 0, 'a closed socket watches nothing')
})
