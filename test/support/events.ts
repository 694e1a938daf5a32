// Events of an EventTarget, taken one by one in the order they came. Waits for events, never for time; asserts nothing.

/** An event as tests read it: with whatever members its kind has. */
export type AnyEvent = Event & { readonly [key: string]: unknown } & {
  readonly data?: unknown
  readonly json?: unknown
  readonly senderId?: string
  readonly code?: string | number
  readonly message?: string
  readonly reason?: string
  readonly wasClean?: boolean
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly detail?: any
}

export interface EventQueue {
  /** The next event of the types that are listened to. */
  next(): Promise<AnyEvent>
  /** The next event of one type, passing over others. */
  nextOf(type: string): Promise<AnyEvent>
  /** Types of the events that came and were not taken. */
  waiting(): string[]
}

/** Queues the events of some types from now on. */
export function queueEvents(target: EventTarget, ...types: string[]): EventQueue {
  const queue: AnyEvent[] = []
  const takers: ((event: AnyEvent) => void)[] = []
  for (const type of types) {
    target.addEventListener(type, event => {
      const taker = takers.shift()
      if (taker === undefined) queue.push(event as AnyEvent)
      else taker(event as AnyEvent)
    })
  }
  const next = async (): Promise<AnyEvent> =>
    queue.shift() ??
    (await new Promise(resolve => {
      takers.push(resolve)
    }))
  return {
    next,
    nextOf: async type => {
      for (;;) {
        const event = await next()
        if (event.type === type) return event
      }
    },
    waiting: () => queue.map(event => event.type)
  }
}

/** The next event of a type. */
export async function nextEvent(target: EventTarget, type: string): Promise<AnyEvent> {
  return await new Promise(resolve =>
    target.addEventListener(type, event => resolve(event as AnyEvent), { once: true })
  )
}
