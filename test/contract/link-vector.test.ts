// docs/vectors/nws2-link.json is what the code computes; and the record stream, the real one, reads it as it stands.
import t from 'tap'
import { acceptHandshake } from '../../src/core/link/handshake.ts'
import { readFrames } from '../../src/core/link/frames.ts'
import { readHello } from '../../src/core/link/hello.ts'
import { computeLinkExample } from '../support/link-example.ts'
import { primitives, unhex, vectors } from '../support/link.ts'

type Example = ReturnType<typeof computeLinkExample>
const example = vectors('nws2-link.json') as Example

t.test('the example is what the code computes', async t => {
  t.strictSame(example, computeLinkExample())
})

t.test('both ends read every message of it', async t => {
  const {
    id_I: idI,
    id_R: idR,
    handshake: { W0, secret_R: secretR },
    messages
  } = example
  const accepted = acceptHandshake(primitives, unhex(idR), unhex(W0), unhex(secretR))
  if (!accepted.ok) throw new Error(accepted.reason)
  const { receive } = accepted.value.keys
  t.ok(messages.length > 10)
  for (const { from, what, n, plaintext, message } of messages) {
    t.equal(readFrames(unhex(plaintext), from).fault, undefined, what)
    if (from === 'R') continue
    t.equal(receive.n, n)
    t.strictSame(receive.open(unhex(message)), unhex(plaintext), what)
    if (plaintext.endsWith('0500000000')) receive.rekey()
  }
  t.ok(readHello(unhex(example.hello.HELLO_I), unhex(idR), unhex(idI)).ok)
  t.ok(readHello(unhex(example.hello.HELLO_R), unhex(idI), unhex(idR)).ok)
})
