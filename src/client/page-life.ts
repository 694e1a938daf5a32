// What happens to the page around a connection: it goes into the back/forward cache, it comes back, or the user and the
// network are back. Outside of pages nothing happens.

export interface PageEvents {
  /** The page goes into the back/forward cache. In it the browser would keep its sockets and read none of them. */
  readonly frozen: () => void
  /** The page is back from that cache. */
  readonly thawed: () => void
  /** The user looks at the page again, or the network is back: an attempt that waits may be made now. */
  readonly woken: () => void
}

/** Watches until the returned function is called. */
export function watchPage({ frozen, thawed, woken }: PageEvents): () => void {
  const { document } = globalThis as { document?: Document }
  if (typeof globalThis.addEventListener !== 'function') return () => {}
  let leaving = false
  const listeners: readonly [EventTarget | undefined, string, (event: Event) => void][] = [
    [
      globalThis,
      'pagehide',
      event => {
        leaving = (event as PageTransitionEvent).persisted
        // `freeze` comes after all listeners of `pagehide`, which may still send. Not all browsers have it.
        if (leaving && !('onfreeze' in document!)) frozen()
      }
    ],
    [document, 'freeze', () => leaving && frozen()],
    [
      globalThis,
      'pageshow',
      event => {
        leaving = false
        if ((event as PageTransitionEvent).persisted) thawed()
      }
    ],
    [globalThis, 'online', woken],
    [document, 'visibilitychange', () => document?.visibilityState === 'visible' && woken()]
  ]
  for (const [target, type, listener] of listeners) target?.addEventListener(type, listener)
  return () => {
    for (const [target, type, listener] of listeners) target?.removeEventListener(type, listener)
  }
}
