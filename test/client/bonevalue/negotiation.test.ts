// What to do with an offer or answer in every state, and the line of SDP that names an attempt.
import t from 'tap'
import { belonging, judge, markSdp, readAttempt } from '../../../src/client/bonevalue/negotiation.ts'

const SDP =
  'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n'

t.test('the attempt stands in the SDP and is read again', async t => {
  t.equal(markSdp(SDP, 'own', undefined), SDP.replace('t=0 0\r\n', 't=0 0\r\na=x-bonevalue:own\r\n'))
  t.strictSame(readAttempt(markSdp(SDP, 'own', 'other')), { session: 'own', to: 'other' })
  t.strictSame(readAttempt(markSdp(SDP, 'own', undefined)), { session: 'own', to: undefined })
  t.strictSame(readAttempt(SDP), { session: undefined, to: undefined })
  t.strictSame(readAttempt(`${SDP}a=x-bonevalue:${'x'.repeat(65)}\r\n`), { session: undefined, to: undefined })
})

t.test('whose a description is', async t => {
  for (const [other, type, session, to, expected] of [
    [undefined, 'offer', 'b', undefined, 'own'],
    [undefined, 'answer', 'b', 'a', 'own'],
    ['b', 'offer', 'b', 'a', 'own'],
    ['b', 'offer', 'c', undefined, 'anew'],
    ['b', 'answer', 'c', 'a', 'stale'],
    ['b', 'offer', 'b', 'earlier', 'stale'],
    [undefined, 'answer', 'b', 'earlier', 'stale'],
    ['b', 'offer', undefined, undefined, 'own']
  ] as const)
    t.equal(belonging('a', other, type, { session, to }), expected, `${other} ${type} ${session} ${to}`)
})

t.test('of two offers one gives way, and it is the same at both ends', async t => {
  t.equal(judge('have-local-offer', true, 'offer'), 'yield')
  t.equal(judge('have-local-offer', false, 'offer'), 'ignore')
  for (const isPolite of [true, false]) {
    t.equal(judge('stable', isPolite, 'offer'), 'take')
    t.equal(judge('have-local-offer', isPolite, 'answer'), 'take')
    t.equal(judge('stable', isPolite, 'answer'), 'ignore')
  }
})
