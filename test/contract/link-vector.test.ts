// The code computes docs/vectors/nws3-link.json, and both ends read it as it stands.
import t from 'tap'
import { acceptHandshake, createIdentity } from '../../src/core/link/wire/handshake.ts'
import { readFrames } from '../../src/core/link/wire/frames.ts'
import { readHello } from '../../src/core/link/wire/hello.ts'
import { computeLinkExample } from '../support/link-example.ts'
import { primitives, unhex, vectors } from '../support/link.ts'

type Example = ReturnType<typeof computeLinkExample>
const example = vectors('nws3-link.json') as Example

t.test('the example is what the code computes', async t => {
  t.strictSame(example, computeLinkExample())
})

t.test('both ends read every message of it', async t => {
  for (const { handshake, hello, messages } of [example.first, example.second]) {
    const identity = createIdentity(primitives, unhex(handshake.s_R_secret))
    const accepted = acceptHandshake(primitives, identity, unhex(handshake.W0), unhex(handshake.e_R_secret))
    if (!accepted.ok) throw new Error(accepted.reason)
    const { receive } = accepted.value.keys
    for (const { from, what, n, plaintext, message } of messages) {
      t.equal(readFrames(unhex(plaintext), from).fault, undefined, what)
      if (from === 'R') continue
      t.equal(receive.n, n)
      t.strictSame(receive.open(unhex(message)), unhex(plaintext), what)
      if (plaintext.endsWith('050000')) receive.rekey()
    }
    t.ok(readHello(unhex(hello.HELLO_I)).ok)
    t.ok(readHello(unhex(hello.HELLO_R)).ok)
  }
})
