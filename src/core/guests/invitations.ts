// The open invitations of a proxy: who may come in by each of them, and for how long. Time and randomness come in as
// arguments.
import { NwsError, type ErrorCode } from '../errors.ts'
import type { Peer } from '../hub/peer.ts'

/** A guest that has proven the secret. */
export interface Guest {
  /** undefined: it has not joined the channel yet. */
  readonly peer: Peer | undefined
  /** Tells the guest why, and ends the connection. */
  end(code: ErrorCode): void
}

/** The rights of an invitation. */
export interface InvitationFacts {
  /** 16 hexadecimal digits; not secret. */
  readonly id: string
  readonly channel: string
  /** Name of the page that guests see first. */
  readonly page: string
  /** Address on this machine with the user's own pages; undefined: NWS_GUEST_APP. */
  readonly app: string | undefined
  /** 16 bytes. */
  readonly secret: Uint8Array
  /** 32 bytes, from the secret. */
  readonly psk: Uint8Array
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** Most open invitations of a proxy. */
export const MAX_INVITATIONS = 32

/** One invitation. */
export class Invitation {
  readonly facts: InvitationFacts
  readonly guests = new Set<Guest>()
  /** Guests that may be in at once. A removed guest takes its place with it. */
  places: number

  constructor(facts: InvitationFacts, places: number) {
    this.facts = facts
    this.places = places
  }

  /** Lets a guest in. @returns why not */
  admit(guest: Guest): ErrorCode | undefined {
    if (this.guests.size >= this.places) return 'NWS_ERR_GUEST_FULL'
    this.guests.add(guest)
    return undefined
  }

  left(guest: Guest): void {
    this.guests.delete(guest)
  }

  /** Ends one guest for good. */
  remove(guest: Guest): void {
    if (!this.guests.delete(guest)) return
    this.places--
    guest.end('NWS_ERR_GUEST_REMOVED')
  }
}

/** All open invitations, the oldest first. */
export class Invitations {
  readonly #open = new Map<string, Invitation>()

  get size(): number {
    return this.#open.size
  }

  [Symbol.iterator](): Iterator<Invitation> {
    return this.#open.values()
  }

  find(id: string): Invitation | undefined {
    return this.#open.get(id)
  }

  /** @throws NwsError `NWS_ERR_GUEST_INVITATIONS` */
  add(facts: InvitationFacts, places: number): Invitation {
    if (this.#open.size >= MAX_INVITATIONS) throw new NwsError('NWS_ERR_GUEST_INVITATIONS')
    const invitation = new Invitation(facts, places)
    this.#open.set(facts.id, invitation)
    return invitation
  }

  /** Closes an invitation and ends its guests. @returns false: no such invitation is open */
  close(id: string, code: ErrorCode = 'NWS_ERR_GUEST_OVER'): boolean {
    const invitation = this.#open.get(id)
    if (invitation === undefined) return false
    this.#open.delete(id)
    invitation.facts.psk.fill(0)
    invitation.facts.secret.fill(0)
    for (const guest of [...invitation.guests]) guest.end(code)
    return true
  }

  /** Closes the invitations that have expired. @returns when the next one expires; undefined: none is open */
  expire(now: number): number | undefined {
    let next: number | undefined
    for (const { facts } of [...this.#open.values()]) {
      if (facts.expiresAt <= now) this.close(facts.id)
      else next = Math.min(next ?? Infinity, facts.expiresAt)
    }
    return next
  }
}
