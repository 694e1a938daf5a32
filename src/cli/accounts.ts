// The accounts for `nws user`: through the running proxy, or, if none runs, from the database itself.
import { listenerUrl } from '../core/bonevalue/listener-url.ts'
import { readSettings } from '../core/environment.ts'
import type { Settings } from '../core/settings.ts'
import { CliError } from './errors.ts'
import { proxyOf, request, requestFile, requestList, type Proxy, type ProxyOptions } from './proxy.ts'

/** A user of `/api/users`. */
export interface User {
  readonly name: string
  readonly disabled: boolean
  readonly createdAt: string
  readonly sessions: number
  readonly online: number
}

/** A session of `/api/users/<name>/sessions`. */
export interface Session {
  readonly id: string
  readonly createdAt: string
  readonly expiresAt: string
  readonly origin: string | null
}

/** A one-time link. */
export interface Link {
  readonly link: string
  readonly expiresAt: string
}

export interface Accounts {
  /** Whether a proxy runs. */
  readonly isRunning: boolean
  users(): Promise<User[]>
  add(name: string): Promise<Link>
  reset(name: string): Promise<Link>
  remove(name: string): Promise<void>
  addDemo(): Promise<{ readonly names: readonly string[]; readonly password: string }>
  backup(): Promise<Uint8Array>
  setDisabled(name: string, disabled: boolean): Promise<void>
  sessions(name: string): Promise<Session[]>
  /** @returns the number of ended sessions */
  revoke(name: string, id?: string): Promise<number>
  close(): Promise<void>
}

function overProxy(proxy: Proxy): Accounts {
  const path = (name: string): string => `/api/users/${encodeURIComponent(name)}`
  return {
    isRunning: true,
    users: async () => await requestList(proxy, '/api/users', 'users'),
    add: async name =>
      await request(proxy, '/api/users', { method: 'POST', body: JSON.stringify(name === '' ? {} : { name }) }),
    reset: async name => JSON.parse((await requestFile(proxy, `${path(name)}/reset`)).toString()) as Link,
    remove: async name => void (await request(proxy, path(name), { method: 'DELETE' })),
    addDemo: async () => await request(proxy, '/api/users/demo', { method: 'POST' }),
    backup: async () => await requestFile(proxy, '/api/accounts/backup'),
    setDisabled: async (name, disabled) => {
      await request(proxy, path(name), { method: 'PATCH', body: JSON.stringify({ disabled }) })
    },
    sessions: async name => await requestList(proxy, `${path(name)}/sessions`, 'sessions'),
    revoke: async (name, id) =>
      (
        await request<{ ended: number }>(
          proxy,
          `${path(name)}/sessions${id === undefined ? '' : `?id=${encodeURIComponent(id)}`}`,
          { method: 'DELETE' }
        )
      ).ended,
    close: async () => {}
  }
}

/** Loads the database code only if needed. */
async function overDatabase(settings: Settings, base: string): Promise<Accounts> {
  const { openAccounts } = await import('../bonevalue-offline.ts')
  const offline = await openAccounts(settings)
  const { administration } = offline
  const time = (milliseconds: number): string => new Date(milliseconds).toISOString()
  const linkOf = ({ token, expiresAt }: { readonly token: string; readonly expiresAt: number }) => ({
    link: `${listenerUrl(settings) ?? base}/bv/invite/#${token}`,
    expiresAt: time(expiresAt)
  })
  return {
    isRunning: false,
    users: async () => await administration.users(),
    add: async name => linkOf(await administration.invite(name)),
    reset: async name => linkOf(await administration.reset(name)),
    remove: async name => await administration.remove(name),
    addDemo: async () => await administration.addDemo(),
    backup: async () => await administration.backup(),
    setDisabled: async (name, disabled) => await administration.setDisabled(name, disabled),
    sessions: async name =>
      (await administration.sessions(name)).map(session => ({
        ...session,
        createdAt: time(session.createdAt),
        expiresAt: time(session.expiresAt)
      })),
    revoke: async (name, id) => await administration.revoke(name, id),
    close: async () => await offline.close()
  }
}

/** Whether a proxy with a rendezvous runs, and so holds the database. */
async function isRunning(proxy: Proxy, options: ProxyOptions): Promise<boolean> {
  try {
    return (await request<{ state: string }>(proxy, '/api/rendezvous')).state === 'on'
  } catch (error) {
    if (error instanceof CliError && error.code === 'NWS_CLI_NOT_RUNNING' && options.url === undefined) return false
    throw error
  }
}

/** Opens the accounts, runs `work`, closes them. @throws CliError, ProxyError, NwsError */
export async function withAccounts<T>(
  options: ProxyOptions,
  work: (accounts: Accounts) => Promise<T>,
  environment: NodeJS.ProcessEnv = process.env
): Promise<T> {
  const proxy = proxyOf(options, environment)
  const running = await isRunning(proxy, options)
  if (!running && options.url !== undefined) throw new CliError('NWS_CLI_NO_RENDEZVOUS')
  const accounts = running ? overProxy(proxy) : await overDatabase(readSettings(environment), proxy.base)
  try {
    return await work(accounts)
  } finally {
    await accounts.close()
  }
}
