// `nws file` through cuts and kills: a link that breaks, a receiver and a sender that are killed, a proxy that goes away.
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startNws } from '../support/cli.ts'
import { hashOf, startFileCommands } from '../support/file-commands.ts'
import { createNetwork, type Host } from '../support/namespaces.ts'
import { needs } from '../support/needs.ts'
import { startServer } from '../support/process.ts'
import { startProxy } from '../support/proxies.ts'

const { skip } = needs('namespaces', 'tc')

t.test('a file goes through a cut of the link, and the checksums are equal', { skip }, async t => {
  const folder = t.testdir({ in: {} })
  const bytes = randomBytes(12_000_003)
  writeFileSync(join(folder, 'holiday.bin'), bytes)
  const {
    hosts: [alice, bob]
  } = (await createNetwork(t, 2)) as unknown as { hosts: [Host, Host] }
  // Links die after two seconds of silence and not after 45.
  const mesh = { linkTimings: { pingMs: 400, deadMs: 2000, probeMs: 1000 }, dialTimings: {} }
  const [a, b] = await Promise.all([startProxy(alice, { mesh }), startProxy(bob, { mesh })])
  await a.linkedTo([b])
  // A slow way, so that the cut comes in the middle: 16 Mbit/s.
  alice.exec('tc', 'qdisc add dev eth0 root tbf rate 16mbit burst 32kbit latency 400ms'.split(' '))
  const receiver = startNws(t, ['file', 'receive', 'photos', '--yes', '--output', join(folder, 'in'), '--json'], {
    namespace: bob.namespace
  })
  const sender = startNws(t, ['file', 'send', 'photos', join(folder, 'holiday.bin'), '--json'], {
    namespace: alice.namespace
  })
  await receiver.says('stderr', /Receiving holiday\.bin/)
  await b.until<{ channels: { bytes: number }[] }>('/api/channels', ({ channels }) =>
    channels.some(({ bytes }) => bytes > 2_000_000)
  )
  bob.cut()
  await a.linkedTo([], 60_000)
  await b.linkedTo([], 60_000)
  t.ok(
    readdirSync(join(folder, 'in')).some(name => name.endsWith('.nws-part')),
    'it was in the middle'
  )
  t.notOk(existsSync(join(folder, 'in', 'holiday.bin')), 'and what is not whole has not the name')
  bob.heal()
  const [sent, received] = await Promise.all([sender.ended, receiver.ended])
  t.equal(sent.code, 0, sent.stderr)
  t.equal(received.code, 0, received.stderr)
  t.match(JSON.parse(received.stdout), {
    path: join(folder, 'in', 'holiday.bin'),
    size: bytes.length,
    sha256: hashOf(bytes)
  })
  t.match(JSON.parse(sent.stdout), { name: 'holiday.bin', files: 1, size: bytes.length })
  t.equal(hashOf(readFileSync(join(folder, 'in', 'holiday.bin'))), hashOf(bytes))
  t.strictSame(readdirSync(join(folder, 'in')), ['holiday.bin'], 'nothing else is left')
})

t.test('it goes on where a killed receiver was, and where a killed sender was', async t => {
  // A slow proxy, so that a kill comes in the middle.
  const { receive, send } = await startFileCommands(t, { NWS_MAX_BYTES_PER_SECOND: '5000000' })
  const big = t.testdir({ in: {} })
  const content = randomBytes(20_000_000)
  writeFileSync(join(big, 'big'), content)
  const receiver = receive('killed', join(big, 'in'))
  const sender = send('killed', join(big, 'big'))
  const sizeOfPart = (): number => {
    const part = readdirSync(join(big, 'in')).find(name => name.endsWith('.nws-part'))
    return part === undefined ? 0 : statSync(join(big, 'in', part)).size
  }
  while (sizeOfPart() < 5_000_000) await new Promise(resolve => setImmediate(resolve))
  receiver.child.kill('SIGKILL')
  await receiver.ended
  await sender.says('stderr', /has left, and may come back/)
  const had = sizeOfPart()
  t.ok(had > 0 && had < content.length)
  t.match(await receive('killed', join(big, 'in')).ended, { code: 0 })
  t.match(await sender.ended, { code: 0, stderr: /NWS_CLIENT_FILE_GONE[^]*Sent to 1 receiver/ })
  t.equal(hashOf(readFileSync(join(big, 'in', 'big'))), hashOf(content))
  rmSync(join(big, 'in', 'big'))

  const doomed = send('killed', join(big, 'big'))
  const second = receive('killed', join(big, 'in'))
  while (sizeOfPart() < 5_000_000) await new Promise(resolve => setImmediate(resolve))
  doomed.child.kill('SIGKILL')
  const again = send('killed', join(big, 'big'))
  // This receiver waits for the sender that it knows; another one takes the new offer.
  second.child.kill('SIGKILL')
  const third = await receive('killed', join(big, 'in'), '--json').ended
  t.equal(third.code, 0, third.stderr)
  t.equal((await again.ended).code, 0)
  t.equal(hashOf(readFileSync(join(big, 'in', 'big'))), hashOf(content))
  t.strictSame(readdirSync(join(big, 'in')), ['big'])
})

t.test('a proxy that is lost does not put off the end of the time', async t => {
  const folder = t.testdir({ file: 'some bytes' })
  const server = startServer(t, {})
  const sender = startNws(t, ['file', 'send', 'x', join(folder, 'file'), '--timeout', '1'], {
    env: { NWS_PORT: String(await server.port()) }
  })
  await sender.says('stderr', /Offering/)
  server.child.kill('SIGKILL')
  t.match(await sender.ended, { code: 5, stderr: /NWS_CLI_TIMEOUT/ })
})
