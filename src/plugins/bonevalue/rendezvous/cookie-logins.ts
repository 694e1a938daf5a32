// Logins of clients of 2012, which send name and password in cookies with the upgrade.
import type { IncomingMessage } from 'node:http'
import { isRefusal } from '../../../core/bonevalue/store.ts'
import { NwsError } from '../../../core/errors.ts'
import { readLoginCookies } from '../../../core/legacy/login-cookies.ts'
import type { Login, RendezvousService } from './service.ts'

/** Logins that wait for their upgrade. */
export class CookieLogins {
  readonly #logins = new WeakMap<IncomingMessage, Login>()

  /**
   * Logs a client in if its request has the cookies.
   *
   * @throws NwsError `NWS_ERR_BV_ORIGIN`, `NWS_ERR_BV_LOGIN` and others of the login
   */
  async begin(
    request: IncomingMessage,
    address: string,
    isKnownOrigin: boolean,
    service: RendezvousService
  ): Promise<void> {
    const { socket, headers } = request
    const cookies = readLoginCookies(headers.cookie ?? '')
    if (cookies === undefined) return
    if (!isKnownOrigin) throw new NwsError('NWS_ERR_BV_ORIGIN')
    const login = await service.logIn(cookies.name, cookies.password, {
      address,
      origin: headers.origin,
      isOpen: () => !socket.destroyed
    })
    if (isRefusal(login)) throw new NwsError(login.refusal)
    this.#logins.set(request, login)
  }

  /** The login of a request; undefined: it had no cookies. */
  of(request: IncomingMessage): Login | undefined {
    return this.#logins.get(request)
  }
}
