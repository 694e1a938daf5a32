// The name of this computer as a decorator: NWS_NAME, or the one that the user gave by the API, which is kept in a file.
// The mesh tells it to proxies that share a channel. Nothing else tells it.
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fp from 'fastify-plugin'
import { decodeComputerName, isComputerName } from '../core/computer-name.ts'
import { NwsError } from '../core/errors.ts'
import type { Settings } from '../core/settings.ts'
import { IN_MEMORY, dataFolder } from '../platform/data-folder.ts'
import type {} from './config.ts'

declare module 'fastify' {
  interface FastifyInstance {
    computerName: ComputerName
  }
}

/** The decorator `computerName`. */
export interface ComputerName {
  /** Undefined: this computer has none. */
  readonly value: string | undefined
  /**
   * Gives the computer a name, now and in later runs.
   *
   * @param name empty: removes it
   * @throws NwsError `NWS_ERR_NAME`, `NWS_ERR_NAME_SETTING`, `NWS_ERR_NAME_NOT_KEPT`
   */
  set(name: string): Promise<void>
  /** Calls `changed` after each change. */
  subscribe(changed: () => void): void
}

const FILE = 'name'

/** The name without Fastify. `read` gets the kept one. */
function createComputerName({ name: setting, dataDir }: Settings): ComputerName & { read(): Promise<void> } {
  const folder = dataFolder(dataDir)
  const path = join(folder, FILE)
  const isKept = setting === '' && folder !== IN_MEMORY
  const subscribers: (() => void)[] = []
  let value = setting === '' ? undefined : setting

  /** Replaces the file in one step. */
  async function keep(name: string): Promise<void> {
    if (name === '') return await rm(path, { force: true })
    const draft = `${path}.${randomUUID()}`
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(draft, name, { mode: 0o600, flag: 'wx' })
    await rename(draft, path).catch(async (error: unknown) => {
      await rm(draft, { force: true })
      throw error
    })
  }

  return {
    get value() {
      return value
    },
    read: async () => {
      // Without a file, or with one that this user may not read, the computer has no name.
      if (isKept) value = decodeComputerName(await readFile(path).catch(() => new Uint8Array(0)))
    },
    set: async name => {
      if (setting !== '') throw new NwsError('NWS_ERR_NAME_SETTING')
      if (name !== '' && !isComputerName(name)) throw new NwsError('NWS_ERR_NAME')
      if (isKept)
        await keep(name).catch((error: unknown) => {
          throw new NwsError('NWS_ERR_NAME_NOT_KEPT', `It is ${path} (${(error as NodeJS.ErrnoException).code}).`)
        })
      value = name === '' ? undefined : name
      for (const changed of subscribers) changed()
    },
    subscribe: changed => subscribers.push(changed)
  }
}

export default fp(
  async app => {
    const computerName = createComputerName(app.config)
    app.decorate('computerName', computerName)
    app.addHook('onReady', async () => await computerName.read())
  },
  { name: 'nws-computer-name', fastify: '5.x', dependencies: ['nws-config'] }
)
