// Bounds the look-ups of names by the system. Node.js cannot end while one waits for a DNS server, and the C library waits for
// 10 s unless it is told otherwise.

/** Two questions of 1 s each. @param environment that of this process, before its first look-up; its own value stays */
export function limitLookUps(environment: Record<string, string | undefined>): void {
  environment['RES_OPTIONS'] ??= 'timeout:1 attempts:2'
}
