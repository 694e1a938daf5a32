// The resources of the process: memory, processor time, handles.
import { readdirSync } from 'node:fs'

/** The resources in use now. */
export interface ProcessUse {
  readonly residentBytes: number
  readonly heapBytes: number
  readonly externalBytes: number
  readonly cpuSeconds: number
  /** Sockets, servers, timers and requests that are open in Node.js. */
  readonly resources: number
  /** Open file descriptors; undefined if the system does not say. */
  readonly descriptors: number | undefined
}

function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length - 1 // One belongs to this call.
  } catch {
    return undefined
  }
}

/** Reads all of it. */
export function processUse(): ProcessUse {
  const { rss, heapUsed, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return {
    residentBytes: rss,
    heapBytes: heapUsed,
    externalBytes: external,
    cpuSeconds: (user + system) / 1e6,
    resources: process.getActiveResourcesInfo().length,
    descriptors: openDescriptors()
  }
}
