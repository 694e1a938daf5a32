// A gigabyte of `nws file` between two machines, through a cut of the link and a receiver that is killed meanwhile.
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, createReadStream, openSync, readdirSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import { startNws } from '../support/cli.ts'
import { createNetwork, type Host } from '../support/namespaces.ts'
import { needs } from '../support/needs.ts'
import { startProxy } from '../support/proxies.ts'

const SIZE = 1_000_000_007
const BLOCK = 16_000_000

function writeLarge(path: string): string {
  const hash = createHash('sha256')
  const file = openSync(path, 'w')
  for (let at = 0; at < SIZE; at += BLOCK) {
    const block = randomBytes(Math.min(BLOCK, SIZE - at))
    hash.update(block)
    writeSync(file, block)
  }
  closeSync(file)
  return hash.digest('hex')
}

t.test('a gigabyte arrives whole', needs('namespaces'), async t => {
  const folder = t.testdir({ in: {} })
  const target = join(folder, 'in')
  const wanted = writeLarge(join(folder, 'large.bin'))
  const {
    hosts: [alice, bob]
  } = (await createNetwork(t, 2)) as unknown as { hosts: [Host, Host] }
  // Links die after two seconds of silence and not after 45.
  const mesh = { linkTimings: { pingMs: 400, deadMs: 2000, probeMs: 1000 }, dialTimings: {} }
  const [a, b] = await Promise.all([startProxy(alice, { mesh }), startProxy(bob, { mesh })])
  await a.linkedTo([b])
  const receive = () =>
    startNws(t, ['file', 'receive', 'photos', '--yes', '--output', target], { namespace: bob.namespace })
  const killed = receive()
  const sender = startNws(t, ['file', 'send', 'photos', join(folder, 'large.bin')], { namespace: alice.namespace })
  await b.until<{ channels: { bytes: number }[] }>('/api/channels', ({ channels }) =>
    channels.some(({ bytes }) => bytes > SIZE / 4)
  )
  bob.cut()
  await a.linkedTo([], 60_000)
  await b.linkedTo([], 60_000)
  killed.child.kill('SIGKILL')
  const [part] = readdirSync(target)
  t.ok(statSync(join(target, part!)).size > SIZE / 8, 'it was in the middle')
  bob.heal()
  const [received, sent] = await Promise.all([receive().ended, sender.ended])
  t.equal(received.code, 0, received.stderr)
  t.equal(sent.code, 0, sent.stderr)
  const hash = createHash('sha256')
  await pipeline(createReadStream(join(target, 'large.bin')), hash)
  t.equal(hash.digest('hex'), wanted)
  t.strictSame(readdirSync(target), ['large.bin'])
})
