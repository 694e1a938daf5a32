// Which of the proxies that `nws doctor` hears are others.
import t from 'tap'
import { othersOf } from '../../src/platform/doctor/examine.ts'

const answerer = (id: string, ...addresses: string[]) => ({ id, addresses: new Set(addresses), port: 9010 })
const mine = answerer('mine', '192.0.2.1')
const theirs = answerer('theirs', '192.0.2.2')
const addresses = ['192.0.2.1', 'fe80::1']

t.test('the own proxy is known by its id', async t => {
  t.strictSame(othersOf([theirs, mine], 'mine', addresses), [theirs])
  t.strictSame(othersOf([theirs], 'mine', addresses), [theirs])
})

t.test('without the token it is one at an address of this machine', async t => {
  t.strictSame(othersOf([theirs, mine], undefined, addresses), [theirs])
  t.strictSame(othersOf([answerer('mine', 'fe80::1%eth0')], undefined, addresses), [])
  t.strictSame(othersOf([theirs], undefined, addresses), [theirs])
})

t.test('a second proxy of this machine is another one', async t => {
  t.strictSame(othersOf([mine, answerer('second', '192.0.2.1')], undefined, addresses).length, 1)
})
