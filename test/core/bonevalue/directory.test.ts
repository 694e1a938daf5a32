// Presence without sockets: who hears of whom under which name, in particular under a rule of an extension. What clients
// believe after any sequence of events is compared with what is true.
import t from 'tap'
import fc from 'fast-check'
import { Directory, type MayTalk, type OnlinePeer } from '../../../src/core/bonevalue/directory.ts'

/** The state of a client from its frames. Fails if a rule of the wire is broken. */
class View {
  readonly isLegacy = false
  id = 0
  readonly users = new Set<string>()
  readonly peers = new Map<number, string>()
  /** The others in the one room; undefined: this client is not in it. */
  room: Set<number> | undefined

  send(frame: Buffer): void {
    const at = (frame[1]! & 0x7f) < 126 ? 2 : 4
    const { type, data } = JSON.parse(frame.subarray(at).toString()) as { type: string; data: never }
    const fact = data as unknown
    if (type === 'userAdd') this.users.add(fact as string)
    if (type === 'setPeerId') this.id = (fact as { peerId: number }).peerId
    if (type === 'userList') for (const name of fact as string[]) this.users.add(name)
    if (type === 'peerList') for (const { name, id } of fact as { name: string; id: number }[]) this.#add(name, id)
    if (type === 'peerConnect') this.#add((fact as { name: string }).name, (fact as { id: number }).id)
    if (type === 'peerDisconnect') {
      this.room?.delete(fact as number)
      if (!this.peers.delete(fact as number)) throw new Error('the end of a peer that was never told')
    }
    if (type === 'roomEnter' || type === 'roomExit') {
      const { id } = fact as { id: number }
      if (this.room === undefined || !this.peers.has(id)) throw new Error('a room or a peer that was never told')
      if (type === 'roomEnter') this.room.add(id)
      else if (!this.room.delete(id)) throw new Error('the end of a member that was never told')
    }
    if (type === 'userRemove') {
      if ([...this.peers.values()].includes(fact as string)) throw new Error('a user removed before his peers')
      this.users.delete(fact as string)
    }
  }

  sendPresence(frame: Buffer): void {
    this.send(frame)
  }

  #add(name: string, id: number): void {
    if (!this.users.has(name)) throw new Error(`a peer of ${name}, who was never told`)
    if (this.peers.has(id) || id === this.id) throw new Error('a peer told twice')
    this.peers.set(id, name)
  }
}

const NAMES = ['ann', 'bob', 'carl', 'dan']
const rules: Record<string, MayTalk | undefined> = {
  'trust alone': undefined,
  everybody: () => true,
  'neighbours, or trust': (a, b, trusted) => trusted || Math.abs(a.id - b.id) === 1,
  'trust, but not with dan': (a, b, trusted) => trusted && a.name !== 'dan' && b.name !== 'dan'
}

for (const [title, rule] of Object.entries(rules)) {
  t.test(`after anything, each client knows exactly whom it may reach: ${title}`, async t => {
    const step = fc.record({
      what: fc.constantFrom('enter', 'enter', 'leave', 'trust', 'distrust', 'join', 'join', 'exit', 'return'),
      a: fc.nat(3),
      b: fc.nat(3)
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), steps => {
        const directory = new Directory(rule)
        const contacts = NAMES.map(() => new Map<number, string>())
        const online: { readonly peer: OnlinePeer; view: View }[] = []
        let nextId = 1
        for (const { what, a, b } of steps) {
          const users = [
            { id: a, name: NAMES[a]! },
            { id: b, name: NAMES[b]! }
          ] as const
          if (what === 'enter') {
            const view = new View()
            online.push({ view, peer: directory.enter(users[0], contacts[a]!, nextId++, view) })
          } else if (what === 'leave') {
            const gone = online.splice(a % Math.max(online.length, 1), 1)[0]
            if (gone !== undefined) directory.leave(gone.peer)
          } else if (what === 'join' || what === 'exit' || what === 'return') {
            const client = online[b % Math.max(online.length, 1)]
            if (client === undefined) continue
            if (what === 'join') {
              client.view.room = new Set(directory.joinRoom(client.peer, 'r'))
            } else if (what === 'exit') {
              directory.leaveRoom(client.peer, 'r')
              client.view.room = undefined
            } else {
              // It comes back by another socket, and joins again.
              const { user, id, rooms } = client.peer
              client.view = new View()
              if (directory.enter(user, contacts[user.id]!, id, client.view) !== client.peer) return false
              if (rooms.has('r')) client.view.room = new Set(directory.joinRoom(client.peer, 'r'))
            }
          } else if (a !== b && contacts[a]!.has(b) !== (what === 'trust')) {
            const aliases = [`${NAMES[b]}!`, `${NAMES[a]}!`] as const
            if (what === 'trust') {
              contacts[a]!.set(b, aliases[0])
              contacts[b]!.set(a, aliases[1])
              directory.trustAdded({ users, aliases })
            } else {
              contacts[a]!.delete(b)
              contacts[b]!.delete(a)
              directory.trustRemoved({ users, aliases })
            }
          }
          for (const { peer, view } of online) {
            const expected = new Map<number, string>()
            for (const { peer: other } of online) {
              const trusted = contacts[peer.user.id]!.has(other.user.id)
              if (other === peer) continue
              if (other.user.id === peer.user.id) expected.set(other.id, 'Us')
              else if (rule?.(peer.user, other.user, trusted) ?? trusted)
                expected.set(other.id, contacts[peer.user.id]!.get(other.user.id) ?? other.user.name)
            }
            if (view.peers.size !== expected.size || [...expected].some(([id, name]) => view.peers.get(id) !== name))
              return false
            const members = online.filter(({ peer: other, view: { room } }) => room && expected.has(other.id))
            const room = [...(view.room ?? members.map(({ peer: other }) => other.id))]
            if (room.length !== members.length || members.some(({ peer: other }) => !room.includes(other.id)))
              return false
            for (const { peer: other } of online) {
              const reached = directory.relay(peer, { type: 'peerCandidate', to: other.id, candidate: null })
              if (reached !== expected.has(other.id)) return false
            }
          }
        }
        return directory.size === online.length
      }),
      { numRuns: 100 }
    )
    t.pass()
  })
}
