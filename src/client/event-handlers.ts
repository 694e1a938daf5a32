// Handlers such as `onopen`, which behave like event handler attributes in HTML.

type Handler = (this: unknown, event: Event) => unknown

interface Slot {
  handler: Handler
  listener: (event: Event) => void
}

/**
 * Defines the attributes `on<type>` of a class. HTML, "Event handlers": a handler takes its place among the listeners when
 * it is first set, keeps it if it is replaced, and loses it if it is set to something else than a function. A handler that
 * returns false cancels the event.
 */
export function defineEventHandlers(prototype: EventTarget, types: readonly string[]): void {
  for (const type of types) {
    const slots = new WeakMap<EventTarget, Slot>()
    Object.defineProperty(prototype, `on${type}`, {
      configurable: true,
      enumerable: true,
      get(this: EventTarget) {
        return slots.get(this)?.handler ?? null
      },
      set(this: EventTarget, value: unknown) {
        const slot = slots.get(this)
        if (typeof value !== 'function') {
          if (slot !== undefined) this.removeEventListener(type, slot.listener)
          slots.delete(this)
        } else if (slot !== undefined) {
          slot.handler = value as Handler
        } else {
          const created: Slot = {
            handler: value as Handler,
            listener: event => {
              if (created.handler.call(this, event) === false) event.preventDefault()
            }
          }
          slots.set(this, created)
          this.addEventListener(type, created.listener)
        }
      }
    })
  }
}
