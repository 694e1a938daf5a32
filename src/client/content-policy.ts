// Notices when the Content-Security-Policy of the page blocks an address: sockets themselves do not say so. Only
// listens; nothing is done about it.

/** The facts about one attempt to connect. */
export interface PolicyWatch {
  /** Whether the policy blocked it. */
  readonly blocked: boolean
  stop(): void
}

/** Begins to watch; call it before the attempt. */
export function watchContentPolicy(url: string): PolicyWatch {
  const { document } = globalThis as { document?: Document }
  let blocked = false
  const notice = ({ blockedURI }: SecurityPolicyViolationEvent): void => {
    // Browsers give the address or its origin; `inline` and other words begin no address.
    blocked ||= blockedURI !== '' && url.startsWith(blockedURI)
  }
  document?.addEventListener('securitypolicyviolation', notice)
  return {
    get blocked() {
      return blocked
    },
    stop: () => document?.removeEventListener('securitypolicyviolation', notice)
  }
}
