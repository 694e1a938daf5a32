// Makes the library of a page for guests: its sockets go to the channel of the invitation.
import { setPlatform } from '../channel-socket.ts'
import { httpAddress } from '../endpoint.ts'
import { problem } from '../errors.ts'
import { NetworkWebSocket } from '../network-web-socket.ts'
import { guestProblem } from './errors.ts'
import { guestWebSocket } from './guest-web-socket.ts'
import { takeSecret } from './secret.ts'
import { Tunnel } from './tunnel.ts'

/** An error with a code of the library. */
class InvitationError extends Error {
  readonly code: string

  constructor({ code, message }: { code: string; message: string }) {
    super(message)
    this.code = code
  }
}

const OVER = /^NWS_ERR_GUEST_(?:OVER|SECRET|TRIES)$/

/** Sets the library up. Call it once, before the page makes a socket. */
export function setUpGuest(): void {
  const secret = takeSecret()
  const Socket = WebSocket
  let found: Promise<{ readonly channel: string }> | undefined

  /** Asks the proxy for the channel. It is no guest before it sends something. */
  async function ask(): Promise<{ readonly channel: string }> {
    if (secret === undefined) throw new InvitationError(guestProblem('NWS_CLIENT_NO_INVITATION'))
    return await new Promise((resolve, reject) => {
      const tunnel = new Tunnel(location.origin.replace(/^http/, 'ws'), '', secret, Socket, {
        opened: ({ channel }) => {
          resolve({ channel })
          tunnel.close()
        },
        bytes: () => {},
        closed: (_code, reason) =>
          reject(
            new InvitationError(guestProblem(OVER.test(reason) ? 'NWS_CLIENT_INVITATION_OVER' : 'NWS_CLIENT_HOST_AWAY'))
          )
      })
    })
  }

  Object.defineProperty(NetworkWebSocket, 'invitation', {
    get: () => {
      found ??= ask().catch((error: unknown) => {
        found = undefined
        throw error
      })
      return found
    }
  })
  setPlatform({
    WebSocket: guestWebSocket(secret, Socket, channel => {
      found = Promise.resolve({ channel })
    }),
    diagnose: async base => {
      // It answers, and takes no socket: too many are open, or a program between blocks them.
      const answer = await fetch(`${httpAddress(base)}/console/icon.svg`, { cache: 'no-store' }).catch(() => undefined)
      return answer === undefined ? guestProblem('NWS_CLIENT_HOST_AWAY') : problem('NWS_CLIENT_REFUSED')
    }
  })
}
