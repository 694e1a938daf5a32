// Places, removal and the end of invitations, without a network.
import t from 'tap'
import type { ErrorCode } from '../../../src/core/errors.ts'
import { Invitations, type Guest } from '../../../src/core/guests/invitations.ts'

function make(expiresAt = 1000, places = 2) {
  const invitations = new Invitations()
  const secret = new Uint8Array(16).fill(7)
  const psk = new Uint8Array(32).fill(7)
  const invitation = invitations.add(
    { id: 'a', channel: 'party', page: 'start', app: undefined, secret, psk, expiresAt },
    places
  )
  const told: ErrorCode[] = []
  const guest = (): Guest => ({ peer: undefined, end: code => told.push(code) })
  return { invitations, invitation, told, guest, secret, psk }
}

t.test('a guest that leaves makes room, a removed one takes its place with it', async t => {
  const { invitation, guest, told } = make()
  const [one, two, three] = [guest(), guest(), guest()]
  t.equal(invitation.admit(one), undefined)
  t.equal(invitation.admit(two), undefined)
  t.equal(invitation.admit(three), 'NWS_ERR_GUEST_FULL')
  invitation.left(one)
  t.equal(invitation.admit(three), undefined)
  invitation.remove(three)
  invitation.remove(three)
  t.same(told, ['NWS_ERR_GUEST_REMOVED'])
  t.equal(invitation.places, 1)
  t.equal(invitation.admit(one), 'NWS_ERR_GUEST_FULL')
})

t.test('the end tells all guests, and erases the secret', async t => {
  const { invitations, invitation, guest, told, secret, psk } = make()
  invitation.admit(guest())
  invitation.admit(guest())
  t.equal(invitations.expire(999), 1000)
  t.same(told, [])
  t.equal(invitations.expire(1000), undefined)
  t.same(told, ['NWS_ERR_GUEST_OVER', 'NWS_ERR_GUEST_OVER'])
  t.equal(invitations.find('a'), undefined)
  t.ok(secret.every(byte => byte === 0) && psk.every(byte => byte === 0))
  t.equal(invitations.close('a'), false)
})
