// The settings of this proxy as a decorator, complete and checked. Not the environment: the process reads that and
// hands the result in, an embedding program gives options.
import { readFileSync } from 'node:fs'
import fp from 'fastify-plugin'
import { completeSettings, settingsWarnings } from '../core/settings-check.ts'
import type { Settings, SettingsOptions } from '../core/settings.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The settings; they do not change while the proxy runs. */
    config: Readonly<Settings>
    /** Version of this package. */
    proxyVersion: string
  }
}

/** Version as package.json has it, two folders up from here in sources and in the build. */
function readVersion(): string {
  return (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string })
    .version
}

/**
 * Decorates the app with `config` and `proxyVersion`, and warns of what is allowed but should be known.
 *
 * @throws NwsError `NWS_ERR_CONFIG_UNKNOWN`, `NWS_ERR_CONFIG_VALUE`, `NWS_ERR_CONFIG_EXPOSED`
 */
export default fp<SettingsOptions>(
  async (app, options) => {
    const settings = completeSettings(options)
    app.decorate('config', settings)
    app.decorate('proxyVersion', readVersion())
    for (const warning of settingsWarnings(settings)) app.log.warn(warning)
  },
  { name: 'nws-config', fastify: '5.x' }
)
