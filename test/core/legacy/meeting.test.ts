// Which end of a meeting is told of it second: always one of the two, and both proxies of a meeting agree on it.
import t from 'tap'
import type { Peer } from '../../../src/core/hub/peer.ts'
import { hearsSecond } from '../../../src/core/legacy/meeting.ts'

const peer = (id: string, location: 'local' | 'remote') => ({ id, location }) as Peer

t.test('on one proxy it is who was there', async t => {
  for (const own of ['a', 'b', undefined]) {
    t.equal(hearsSecond(own, peer('aa', 'local'), false), true)
    t.equal(hearsSecond(own, peer('aa', 'local'), true), false)
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
          hearsSecond(one, peer(two, 'remote'), cameLater),
          hearsSecond(two, peer(one, 'remote'), other),
          `${one} and ${two}`
        )
      }
    }
  }
  t.equal(hearsSecond(undefined, peer('a', 'remote'), true), false, 'what is no peer yet is told at once')
})
