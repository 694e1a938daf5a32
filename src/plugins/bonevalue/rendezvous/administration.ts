// The users and their presence, for the operator of this proxy: values for the API's routes and the command line.
import { isRefusal, type SessionSummary, type StoredUser } from '../../../core/bonevalue/store.ts'
import { NwsError } from '../../../core/errors.ts'
import type { Handout, RendezvousService } from './service.ts'
import type { RendezvousSocket } from './socket.ts'

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
  /** Disabling ends sessions and sockets. */
  setDisabled(name: string, disabled: boolean): Promise<void>
  sessions(name: string): Promise<SessionSummary[]>
  /** Ends one session or all, with their sockets. @returns how many */
  revoke(name: string, id?: string): Promise<number>
}

/** The administration of one rendezvous. @param sockets all open sockets */
export function createAdministration(
  service: () => RendezvousService,
  sockets: Iterable<RendezvousSocket>
): Administration {
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
      const handout = await service().invite(undefined, suggestion)
      if (isRefusal(handout)) throw new NwsError(handout.refusal)
      return handout
    },
    setDisabled: async (name, disabled) => {
      const { id } = await find(name)
      await (await service().store()).setDisabled(id, disabled)
      if (!disabled) return
      service().accessChanged()
      for (const socket of sockets) if (socket.peer?.user.id === id) socket.end('NWS_ERR_BV_DISABLED')
    },
    sessions: async name => {
      const { id } = await find(name)
      return await (await service().store()).sessions(id, Date.now())
    },
    revoke: async (name, sessionId) => {
      const { id } = await find(name)
      const ended = new Set(await (await service().store()).revokeSessions(id, sessionId))
      service().accessChanged()
      for (const socket of sockets)
        if (socket.peer?.user.id === id && ended.has(socket.sessionId)) socket.end('NWS_ERR_BV_SESSION')
      return ended.size
    }
  }
}
