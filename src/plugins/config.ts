// The settings of this proxy as a decorator, complete and checked. The process reads them from the environment; a program
// that embeds the proxy gives options.
import fp from 'fastify-plugin'
import { completeSettings, settingsWarnings } from '../core/settings-check.ts'
import type { Settings, SettingsOptions } from '../core/settings.ts'
import { VERSION } from '../platform/package.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The settings. They do not change while the proxy runs. */
    config: Readonly<Settings>
    /** Version of this package. */
    proxyVersion: string
  }
}

/**
 * Decorates the app with `config` and `proxyVersion`, and logs warnings about risky settings.
 *
 * @throws NwsError `NWS_ERR_CONFIG_UNKNOWN`, `NWS_ERR_CONFIG_VALUE`, `NWS_ERR_CONFIG_EXPOSED`
 */
export default fp<SettingsOptions>(
  async (app, options) => {
    const settings = completeSettings(options)
    app.decorate('config', settings)
    app.decorate('proxyVersion', VERSION)
    for (const warning of settingsWarnings(settings)) app.log.warn(warning)
  },
  { name: 'nws-config', fastify: '5.x' }
)
