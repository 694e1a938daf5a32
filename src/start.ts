// A proxy as a process, for `npm start` and `nws serve`: reads the settings, listens, ends gracefully on a signal.
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { buildApp, type NetworkWebSocketsOptions } from './app.ts'
import { readSettings } from './core/environment.ts'
import { ignoreHangUp } from './platform/hang-up.ts'
import { freeFromTerminal, LogStream } from './log-stream.ts'
import { watchNpmShell } from './npm-shell.ts'
import { requestSerializer } from './plugins/guarded-scope/server-options.ts'
import { serviceManager } from './service-manager.ts'

/**
 * Signals of a broken process. With a handler they would come again at once, for ever. Node.js, for example, aborts at its end if
 * it cannot restore a closed terminal.
 */
const FAULTS = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const

/**
 * @param environment all variables
 * @param timings durations that no setting changes, for tests
 * @returns the app, which listens
 * @throws NwsError for settings that cannot be, and for an address that cannot be listened on
 */
export async function startProcess(
  environment: Readonly<Record<string, string | undefined>>,
  timings: Pick<NetworkWebSocketsOptions, 'mesh' | 'cluster'> = {}
): Promise<FastifyInstance> {
  const settings = readSettings(environment)
  // Node writes warnings to stderr. Without a listener a full disk would end the process.
  process.stderr.on('error', () => {})
  if (process.stderr.isTTY) freeFromTerminal(process.stderr)
  const app = await buildApp(
    { ...settings, ...timings },
    {
      level: settings.logLevel,
      serializers: { req: requestSerializer },
      stream: new LogStream(process.stdout, environment)
    }
  )
  const manager = serviceManager(environment, sentence => app.log.warn(sentence))
  let unwatch = (): void => {}
  // Before the log says that the proxy runs: a signal may follow at once.
  const grace = closeWithGrace(
    {
      delay: settings.shutdownTimeoutMs,
      skip: [...FAULTS, ...(ignoreHangUp() ? (['SIGHUP'] as const) : [])],
      onSecondSignal: () => {},
      onTimeout: () => app.log.error('closing took longer than NWS_SHUTDOWN_TIMEOUT_MS')
    },
    async ({ err }) => {
      unwatch()
      manager.stopping()
      if (err !== undefined) app.log.fatal({ err }, 'the proxy made a mistake and ends')
      await app.close()
    }
  )
  await app.listener.listen()
  manager.ready()
  unwatch = watchNpmShell(environment, grace.close)
  return app
}
