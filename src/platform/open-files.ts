// How many files, sockets among them, the system lets this process have open at once.
import { readFileSync } from 'node:fs'

/** The limit that counts, which Node.js raises to the hard one at its start. Infinity if the system does not say. */
export function openFileLimit(read = () => readFileSync('/proc/self/limits', 'utf8')): number {
  try {
    const limit = Number(/^Max open files\s+(\d+)/m.exec(read())?.[1])
    return Number.isNaN(limit) ? Infinity : limit
  } catch {
    return Infinity // Only Linux has the file.
  }
}
