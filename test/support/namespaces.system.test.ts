// The test network itself: hosts reach each other, faults have their effect, nothing is left behind. Not a test of the
// project.
import { spawnSync } from 'node:child_process'
import { readdirSync, existsSync } from 'node:fs'
import t from 'tap'
import { createNetwork, type Host } from './namespaces.ts'
import { needs } from './needs.ts'

const { skip } = needs('namespaces')
const left = () =>
  existsSync('/run/netns') ? readdirSync('/run/netns').filter(name => name.startsWith(`nws${process.pid}n`)) : []

/** A refused TCP connection is an answer too, so that no listener is needed. @param patienceMs short where none is expected */
async function reaches(from: Host, address: string, patienceMs = 60_000): Promise<boolean> {
  const code = `const socket = require('net').connect({ host: '${address}', port: 9, timeout: ${patienceMs} })
    socket.on('timeout', () => process.exit(1)).on('error', error => process.exit(error.code === 'ECONNREFUSED' ? 0 : 1))`
  return (await from.spawn(process.execPath, ['-e', code]).ended) === 0
}

t.test('a network of namespaces', { skip }, async t => {
  await t.test('hosts reach each other until one is cut off, unplugged or loses packets', async t => {
    const {
      hosts: [a, b]
    } = await createNetwork(t, 2)
    t.ok(await reaches(a!, b!.address), 'the way is open')
    b!.cut()
    t.notOk(await reaches(a!, b!.address, 400), 'cut')
    t.match(b!.exec('ip', ['-o', 'link', 'show', 'eth0']), /LOWER_UP/, 'the host does not see it')
    b!.heal()
    t.ok(await reaches(a!, b!.address), 'healed')
    b!.unplug()
    t.match(b!.exec('ip', ['-o', 'link', 'show', 'eth0']), /NO-CARRIER/, 'the host sees that the cable is out')
    b!.plug()
    t.ok(await reaches(a!, b!.address), 'plugged in again')
    b!.loss(100)
    t.notOk(await reaches(a!, b!.address, 400), 'everything lost')
    b!.loss(0)
    t.ok(await reaches(a!, b!.address), 'nothing lost')
    b!.setAddress('10.77.0.99/24')
    t.equal(b!.address, '10.77.0.99')
    t.ok(await reaches(a!, '10.77.0.99'), 'the new address')
    a!.connect(1)
    b!.connect(1)
    t.ok(await reaches(a!, '10.77.1.2'), 'the second LAN')
  })

  await t.test('programs print events, take messages and end', async t => {
    const {
      hosts: [a]
    } = await createNetwork(t, 1)
    const program = a!.spawn(process.execPath, [
      '-e',
      'console.log(JSON.stringify({ event: "up", pid: process.pid })); process.stdin.on("data", data => console.log(JSON.stringify({ event: "told", text: String(data).trim() })))'
    ])
    const up = await program.event('up')
    t.equal(up.pid, program.pid, 'no shell in between')
    program.send({ hello: 1 })
    t.equal((await program.event('told')).text, '{"hello":1}')
    await t.rejects(
      program.event('never', () => true, 20),
      /no event never within 20 ms/
    )
    await program.kill('SIGKILL')
    t.equal(await program.ended, 'SIGKILL')
    await t.rejects(program.event('never'), /ended \(SIGKILL\)/)
  })

  t.strictSame(left(), [], 'teardown removes every namespace')

  await t.test('what a killed process left is removed by the next network', async t => {
    const dead = spawnSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }).stdout.trim()
    spawnSync('ip', ['netns', 'add', `nws${dead}n1h1`])
    t.ok(existsSync(`/run/netns/nws${dead}n1h1`), 'something is left')
    await createNetwork(t, 1)
    t.notOk(existsSync(`/run/netns/nws${dead}n1h1`), 'and is gone')
  })
})
