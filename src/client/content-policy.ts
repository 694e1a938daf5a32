// Notices if the Content-Security-Policy of the page blocks an address, which sockets do not tell.

export interface PolicyWatch {
  /** Whether the policy blocked the attempt. */
  readonly blocked: boolean
  stop(): void
}

/** Starts to watch. Call it before the attempt. */
export function watchContentPolicy(url: string): PolicyWatch {
  const { document } = globalThis as { document?: Document }
  let blocked = false
  const notice = ({ blockedURI }: SecurityPolicyViolationEvent): void => {
    // Browsers give the address or its origin, or a word such as `inline`.
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
