// The signal SIGHUP: the terminal of the process has gone. It ends a proxy that shows its log on a terminal. Any other proxy
// goes on, such as one started by `nohup` (Node.js forgets that `nohup` ignores the signal) or by a service manager.
import { isatty } from 'node:tty'

const STANDARD_STREAMS = [0, 1, 2]

/**
 * Ignores SIGHUP if no standard stream is a terminal.
 *
 * @returns false if the signal must end the process
 */
export function ignoreHangUp(onTerminal = STANDARD_STREAMS.some(fd => isatty(fd))): boolean {
  if (onTerminal) return false
  process.on('SIGHUP', () => {})
  return true
}
