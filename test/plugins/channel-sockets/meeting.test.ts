// Which end of a meeting is told of it second: always one of the two, and both proxies of a meeting agree on it.
import t from 'tap'
import type { Peer } from '../../../src/core/hub/peer.ts'
import { isToldSecond } from '../../../src/plugins/channel-sockets/meeting.ts'

const peer = (id: string, location: 'local' | 'remote') => ({ id, location }) as Peer

t.test('on one proxy it is who was there', async t => {
  for (const own of ['a', 'b', undefined]) {
    t.equal(isToldSecond(own, peer('aa', 'local'), false), true)
    t.equal(isToldSecond(own, peer('aa', 'local'), true), false)
  }
})

t.test('on two it is one of them, whoever came later', async t => {
  for (const cameLater of [true, false]) {
    for (const other of [true, false]) {
      for (const [one, two] of [
        ['a', 'b'],
        ['b', 'a'],
        ['Z', 'a'],
        ['-', '_']
      ] as const) {
        t.not(
          isToldSecond(one, peer(two, 'remote'), cameLater),
          isToldSecond(two, peer(one, 'remote'), other),
          `${one} and ${two}`
        )
      }
    }
  }
  t.equal(isToldSecond(undefined, peer('a', 'remote'), true), false, 'what is no peer yet is told at once')
})
