// Loads the user's own Fastify plugins after the built-in ones, from files only. They are not in a sandbox: they have all rights
// of this process. This file only makes sure that other users of the machine cannot write them.
import { lstat, readdir, readlink, stat } from 'node:fs/promises'
import { dirname, join, parse, resolve, sep } from 'node:path'
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
/** Others may make files in such a folder, but not rename or remove those of its owner. */
const STICKY = 0o1000
/** As many links as Linux follows. */
const MAX_LINKS = 40
/** Files that an extension may import. */
const CODE = /\.(?:[cm]?[jt]s|json|node|wasm)$/i

/** A foreign text, or the message of a foreign error, on one line. */
function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').slice(0, 300)
}

/** Follows a path link by link. @returns the real path, and every folder on the way: a user that can write one can swap the rest */
async function follow(path: string): Promise<{ readonly file: string; readonly folders: ReadonlySet<string> }> {
  const folders = new Set<string>()
  let links = 0
  let at = parse(path).root
  let rest = path.slice(at.length).split(sep)
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    folders.add(at)
    const next = join(at, name)
    if (!(await lstat(next)).isSymbolicLink()) {
      at = next
      continue
    }
    if (++links > MAX_LINKS) throw new Error('it has too many links')
    const target = resolve(at, await readlink(next))
    at = parse(target).root
    rest = [...target.slice(at.length).split(sep), ...rest]
  }
  return { file: at, folders }
}

async function checkPlace(place: string, writable: number): Promise<void> {
  const { mode, uid } = await stat(place)
  const owned = uid === 0 || uid === process.getuid?.()
  if ((mode & writable) === 0 && owned) return
  throw new NwsError('NWS_ERR_EXTENSION_WRITABLE', `It is ${place}${owned ? '' : ', which belongs to another user'}.`)
}

/**
 * Resolves the real path of an extension, if no other user can change it: the file, the code beside it, and all folders on the
 * way to it. So nobody can swap the file between this check and its import.
 *
 * @throws NwsError `NWS_ERR_EXTENSION_PATH`, `NWS_ERR_EXTENSION_WRITABLE`, `NWS_ERR_EXTENSION_LOAD`
 */
export async function checkExtension(path: string): Promise<string> {
  if (URL_SCHEME.test(path))
    throw new NwsError('NWS_ERR_EXTENSION_PATH', `It has ${JSON.stringify(path.slice(0, 100))}.`)
  try {
    const { file, folders } = await follow(resolve(path))
    // Windows has no such bits. There only the owner can write a file by default.
    if (process.platform === 'win32') return file
    for (const folder of folders) {
      const isSticky = ((await stat(folder)).mode & STICKY) !== 0
      await checkPlace(folder, isSticky && folder !== dirname(file) ? 0 : WRITABLE_BY_OTHERS)
    }
    await checkPlace(file, WRITABLE_BY_OTHERS)
    for (const entry of await readdir(dirname(file), { withFileTypes: true }))
      if (entry.isFile() && CODE.test(entry.name)) await checkPlace(join(dirname(file), entry.name), WRITABLE_BY_OTHERS)
    return file
  } catch (error) {
    if (error instanceof NwsError) throw error
    throw new NwsError('NWS_ERR_EXTENSION_LOAD', `${wordsOf(path)}: ${wordsOf(error)}`)
  }
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
