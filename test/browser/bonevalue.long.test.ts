// Strangers exchange a token, the rendezvous is stopped for good, and their requests go on for a minute and more.
import t from 'tap'
import { openUser, PASSWORD } from '../support/bonevalue.ts'
import { needsBrowser } from '../support/browser.ts'
import { addUser } from '../support/rendezvous.ts'
import { startServer } from '../support/process.ts'

const MINUTE = 60_000

t.test(
  'requests go on for a minute after the process of the rendezvous has ended',
  { ...needsBrowser, timeout: 4 * MINUTE },
  async t => {
    const server = startServer(t, { NWS_BV: 'on', NWS_DATA_DIR: t.testdir() })
    const url = `http://localhost:${await server.port()}`
    for (const user of ['ann', 'ben']) await addUser(url, user, PASSWORD)
    const ann = await openUser(t, url, 'ann')
    const ben = await openUser(t, url, 'ben')
    const token = await ann.run<string>("return (await $BV.requestToken('Ben')).token")
    await ben.run("$BV.claimToken('Ann', arg)", token)
    await ann.said('peerconnect Ben')
    t.match(await ann.run("ask('Ben', 'echo', 'hello')"), [{ response: 'hello' }])
    server.child.kill('SIGTERM')
    t.equal((await server.ended).code, 0, 'the process has ended')
    await ann.said('disconnect')
    await ben.said('disconnect')

    // As people do: with pauses, of which one is longer than the time that unused connections are kept otherwise.
    const counts = await ann.run<{ right: number; ms: number }>(`
    const started = performance.now()
    let right = 0
    for (let round = 0; performance.now() - started < ${MINUTE}; round++) {
      const [{ response }] = await ask('Ben', 'echo', round)
      if (response === round) right++
      await new Promise(resolve => setTimeout(resolve, round === 0 ? 35_000 : 250))
    }
    return { right, ms: performance.now() - started }`)
    t.ok(counts.ms >= MINUTE)
    t.ok(counts.right > 20, `${counts.right} requests were answered`)
    t.match(await ben.run("ask('Ann', 'echo', 'still here')"), [{ response: 'still here' }], 'the other way, too')
  }
)
