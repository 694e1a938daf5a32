// Loads the user's own Fastify plugins after the built-in ones, from files only. They are not in a sandbox: they have all rights
// of this process. This file only makes sure that other users of the machine cannot write them.
import { realpath, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { FastifyInstance, FastifyPluginAsync, FastifyPluginCallback, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { NwsError } from '../core/errors.ts'
import { shadowsChannel } from '../core/route-shadow.ts'
import type {} from './config.ts'

/** A scheme such as `https:` or `file:`. One letter is a drive of Windows. */
const URL_SCHEME = /^[a-z][a-z0-9+.-]+:/i
/** Write permission of group or others. */
const WRITABLE_BY_OTHERS = 0o022

/** A foreign text, or the message of a foreign error, on one line. */
function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').slice(0, 300)
}

/**
 * Resolves the real path of an extension, if the extension is safe to run.
 *
 * @throws NwsError `NWS_ERR_EXTENSION_PATH`, `NWS_ERR_EXTENSION_WRITABLE`, `NWS_ERR_EXTENSION_LOAD`
 */
export async function checkExtension(path: string): Promise<string> {
  if (URL_SCHEME.test(path))
    throw new NwsError('NWS_ERR_EXTENSION_PATH', `It has ${JSON.stringify(path.slice(0, 100))}.`)
  let file: string
  try {
    file = await realpath(resolve(path))
  } catch (error) {
    throw new NwsError('NWS_ERR_EXTENSION_LOAD', `${wordsOf(path)}: ${wordsOf(error)}`)
  }
  // Windows has no such bits. There only the owner can write a file by default.
  if (process.platform === 'win32') return file
  for (const place of [file, dirname(file)]) {
    const { mode, uid } = await stat(place)
    const owned = uid === 0 || uid === process.getuid?.()
    if ((mode & WRITABLE_BY_OTHERS) !== 0 || !owned)
      throw new NwsError(
        'NWS_ERR_EXTENSION_WRITABLE',
        `It is ${place}${owned ? '' : ', which belongs to another user'}.`
      )
  }
  return file
}

/** Imports a file and registers its plugin. */
async function load(scope: FastifyInstance, path: string, file: string): Promise<void> {
  try {
    const { default: plugin } = (await import(pathToFileURL(file).href)) as { default?: unknown }
    if (typeof plugin !== 'function') throw new TypeError('its default export is no Fastify plugin')
    await scope.register(plugin as FastifyPluginAsync | FastifyPluginCallback)
  } catch (error) {
    throw error instanceof NwsError
      ? error
      : new NwsError('NWS_ERR_EXTENSION_LOAD', `${wordsOf(path)}: ${wordsOf(error)}`)
  }
}

/** Loads the extensions into its scope, in the order of the settings. */
export default fp(
  async scope => {
    const { extensions } = scope.config
    let current = ''
    scope.addHook('onRoute', (route: RouteOptions) => {
      const path = route.url.slice(scope.prefix.length)
      if (current !== '' && shadowsChannel(route.method, path))
        throw new NwsError('NWS_ERR_EXTENSION_ROUTE', `It is ${path} of ${current}.`)
    })
    for (const path of extensions) {
      const file = await checkExtension(path)
      current = path
      await load(scope, path, file)
      current = ''
      scope.log.info(`extension loaded: ${path}`)
    }
  },
  { name: 'nws-extensions', fastify: '5.x', dependencies: ['nws-config'] }
)
