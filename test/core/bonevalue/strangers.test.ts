// How many sockets may be open that have not logged in.
import t from 'tap'
import { Strangers } from '../../../src/core/bonevalue/strangers.ts'

/** Adds sockets until one is too many, which is then deleted. @returns those that fit */
function fill(strangers: Strangers, addressOf: (index: number) => string): object[] {
  const added: object[] = []
  for (;;) {
    const socket = {}
    if (!strangers.add(socket, addressOf(added.length))) {
      strangers.delete(socket)
      return added
    }
    added.push(socket)
  }
}

t.test('64 of one address are welcome, also if they use a whole IPv6 network', async t => {
  for (const addressOf of [() => '192.0.2.1', (index: number) => `2001:db8::${index.toString(16)}`]) {
    const strangers = new Strangers()
    const [first] = fill(strangers, addressOf)
    t.equal(strangers.size, 64)
    t.ok(strangers.add({}, '192.0.2.2'), 'another address has its own')
    strangers.delete(first!)
    strangers.delete(first!)
    t.ok(strangers.add({}, addressOf(7)), 'one place is free again')
    t.notOk(strangers.add({}, addressOf(8)))
  }
})

t.test('1024 of this machine are welcome', async t => {
  t.equal(fill(new Strangers(), () => '127.0.0.1').length, 1024)
})

t.test('4096 of all addresses are welcome', async t => {
  t.equal(fill(new Strangers(), index => `10.0.${index >> 8}.${index & 255}`).length, 4096)
})
