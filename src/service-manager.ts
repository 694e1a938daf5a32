// Tells systemd how this process does: READY=1 when it listens, STOPPING=1 when it ends, WATCHDOG=1 as long as its event
// loop turns (sd_notify(3)). Not for other managers, and nothing happens where systemd has not asked for it.
//
// Node.js cannot send a datagram to a Unix socket; the program systemd-notify, which is part of systemd, can. The unit
// needs NotifyAccess=all for that, because the sender is a child.
import { spawn } from 'node:child_process'

/** The state of the process, for its service manager. */
export interface ServiceManager {
  ready(): void
  stopping(): void
}

/** How many times the watchdog is told within the time it waits. systemd.service(5) recommends 2. */
const PER_WATCHDOG = 2

/** Milliseconds between two messages to the watchdog; undefined if it does not watch this process. */
function watchdogInterval(environment: Readonly<Record<string, string | undefined>>, pid: number): number | undefined {
  const { WATCHDOG_USEC: microseconds = '', WATCHDOG_PID: watched = String(pid) } = environment
  return /^[1-9]\d{0,15}$/.test(microseconds) && watched === String(pid)
    ? Math.max(10, Number(microseconds) / 1000 / PER_WATCHDOG)
    : undefined
}

/**
 * The manager that has started this process.
 *
 * @param failed told once, in one sentence, when systemd cannot be told
 */
export function serviceManager(
  environment: Readonly<Record<string, string | undefined>>,
  failed: (sentence: string) => void
): ServiceManager {
  if ((environment['NOTIFY_SOCKET'] ?? '') === '') return { ready: () => {}, stopping: () => {} }
  let reported = false
  let timer: NodeJS.Timeout | undefined

  function fail(reason: string): void {
    if (!reported)
      failed(`systemd could not be told: systemd-notify ${reason}. Without Type=notify in the unit that does no harm.`)
    reported = true
  }

  function tell(...words: string[]): void {
    const child = spawn('systemd-notify', words, { env: { ...environment }, stdio: 'ignore' })
    child.on('error', () => fail('cannot be run'))
    child.on('exit', code => {
      if (code !== 0 && code !== null) fail(`ended with ${code}`)
    })
    child.unref()
  }

  return {
    ready: () => {
      tell('READY=1', 'STATUS=Listening')
      const interval = watchdogInterval(environment, process.pid)
      if (interval !== undefined) timer = setInterval(() => tell('WATCHDOG=1'), interval).unref()
    },
    stopping: () => {
      clearInterval(timer)
      tell('STOPPING=1')
    }
  }
}
