// The users and their presence, for the operator of this proxy: values for the API's routes and the command line.
import { DEMO_USERS } from '../../../core/bonevalue/names.ts'
import { isRefusal, type Refusal, type SessionSummary, type StoredUser } from '../../../core/bonevalue/store.ts'
import { NwsError } from '../../../core/errors.ts'
import type { Handout, RendezvousService } from './service.ts'

/** A user as the API shows it. */
export interface UserView {
  readonly name: string
  readonly disabled: boolean
  readonly createdAt: string
  /** Valid sessions. */
  readonly sessions: number
  /** Open sockets. */
  readonly online: number
}

/** An online user. */
export interface OnlineView {
  readonly name: string
  readonly peers: number
}

/** The questions of the API. Methods that take a name throw `NWS_ERR_BV_USER_UNKNOWN`. */
export interface Administration {
  users(): Promise<UserView[]>
  /** The online users, and the number of presence messages since the start. */
  presence(): {
    readonly users: number
    readonly peers: number
    readonly messages: number
    readonly online: OnlineView[]
  }
  /** Makes the secret of a one-time link. @throws NwsError `NWS_ERR_BV_NAME`, `NWS_ERR_BV_NAME_TAKEN` */
  invite(suggestion: string): Promise<Handout>
  /** Makes the secret of a one-time link with which a user sets a new password. */
  reset(name: string): Promise<Handout>
  /** Deletes a user with everything that belongs to them. */
  remove(name: string): Promise<void>
  /** Makes two users who trust each other, for trying. @throws NwsError `NWS_ERR_BV_NAME_TAKEN` */
  addDemo(): Promise<{ readonly names: readonly string[]; readonly password: string }>
  /** A copy of the accounts, as the bytes of an SQLite file. */
  backup(): Promise<Buffer>
  /** Disabling ends sessions and sockets. */
  setDisabled(name: string, disabled: boolean): Promise<void>
  sessions(name: string): Promise<SessionSummary[]>
  /** Ends one session or all, with their sockets. @returns how many */
  revoke(name: string, id?: string): Promise<number>
}

/** The value, or the refusal as an error. */
function accepted<Value extends object | string>(value: Value | Refusal): Value {
  if (typeof value === 'object' && isRefusal(value)) throw new NwsError(value.refusal)
  return value
}

/** The administration of one rendezvous. */
export function createAdministration(service: () => RendezvousService): Administration {
  const find = async (name: string): Promise<StoredUser> => {
    const user = await (await service().store()).findUser(name)
    if (user === undefined) throw new NwsError('NWS_ERR_BV_USER_UNKNOWN')
    return user
  }
  const onlineOf = (id: number): number => service().directory.users.get(id)?.peers.size ?? 0

  return {
    users: async () =>
      (await (await service().store()).users(Date.now())).map(({ id, createdAt, name, disabled, sessions }) => ({
        name,
        disabled,
        createdAt: new Date(createdAt).toISOString(),
        sessions,
        online: onlineOf(id)
      })),
    presence: () => {
      const { users, size, presenceMessages } = service().directory
      return {
        users: users.size,
        peers: size,
        messages: presenceMessages,
        online: Array.from(users.values(), ({ name, peers }) => ({ name, peers: peers.size }))
      }
    },
    invite: async suggestion => {
      if (suggestion !== '' && (await (await service().store()).findUser(suggestion)) !== undefined)
        throw new NwsError('NWS_ERR_BV_NAME_TAKEN')
      return accepted(await service().invite(undefined, suggestion))
    },
    reset: async name => {
      const user = await find(name)
      return accepted(await service().invite(undefined, user.name, user))
    },
    remove: async name => await service().deleteUser(await find(name)),
    addDemo: async () => ({ names: DEMO_USERS, password: accepted(await service().addDemo(DEMO_USERS)) }),
    backup: async () => await (await service().store()).backup(),
    setDisabled: async (name, disabled) => await service().setDisabled(await find(name), disabled),
    sessions: async name => await service().sessions(await find(name)),
    revoke: async (name, sessionId) => await service().endSessions(await find(name), sessionId)
  }
}
