// Two browsers on two machines, of which one changes its address while they talk, and then loses the rendezvous: network
// namespaces, so that the way is really gone and another one is really found.
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildTestApp } from '../support/app.ts'
import { addFriends, enter, openRtcPage, rendezvousOptions } from '../support/bonevalue.ts'
import { launchBrowser } from '../support/browser.ts'
import { createNetwork, type Host } from '../support/namespaces.ts'
import { needs } from '../support/needs.ts'

const PORT = 9011
const PAGE =
  "require('node:http').createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>test</title>')).listen(8080, '127.0.0.1', () => console.log('serves'))"
/** Waits until the rendezvous on this machine has one page. */
const ALONE =
  "const look = () => fetch('http://127.0.0.1:9009/api/rendezvous').then(answer => answer.json()).then(({ peers }) => peers === 1 ? console.log('alone') : setTimeout(look, 100)); look()"

t.test(
  'a peer whose address changes is found again, and one without a rendezvous stays; no request is lost',
  { ...needs('chromium', 'namespaces', 'iptables'), timeout: 150_000 },
  async t => {
    const folder = t.testdir({ data: {} })
    const dataDir = join(folder, 'data')
    const { app, url: home } = await buildTestApp(t, { ...rendezvousOptions, dataDir })
    await addFriends(t, home, 'ann', 'ben')
    await app.close()

    // The rendezvous is reached by the first LAN, which passes no other datagrams; peers reach each other by the second.
    const { hosts } = await createNetwork(t, [{ segments: [0, 1] }, { segments: [0, 1] }])
    const [first, second] = hosts as [Host, Host]
    for (const host of hosts) host.exec('iptables', ['-w', '-A', 'INPUT', '-i', 'eth0', '-p', 'udp', '-j', 'DROP'])
    const url = `http://${first.address}:${PORT}`
    const settings = {
      env: {
        NWS_DISCOVERY: 'off',
        NWS_DATA_DIR: dataDir,
        NWS_BV: 'on',
        NWS_BV_INSECURE: 'true',
        NWS_BV_LISTEN: `${first.address}:${PORT}`,
        NWS_PING_INTERVAL_MS: '1000',
        NWS_PEER_TIMEOUT_MS: '3000'
      }
    }
    const rendezvous = first.node('dist/server.js', [], settings)
    await rendezvous.printed(/is running: http/)

    const open = async (host: Host, user: string) => {
      await host.node('-e', [PAGE]).printed(/serves/)
      const wrapper = join(folder, `chromium-${user}`)
      writeFileSync(wrapper, `#!/bin/sh\nexec ip netns exec ${host.namespace} /usr/bin/chromium "$@"\n`)
      chmodSync(wrapper, 0o755)
      const browser = await launchBrowser(wrapper)
      t.teardown(() => browser.close())
      return await enter(await openRtcPage(t, 'http://localhost:8080/', browser), url, user, {
        timeoutMs: 120_000,
        heartbeatMs: 2000,
        lifeMs: 2000
      })
    }
    const ann = await open(first, 'ann')
    const ben = await open(second, 'ben')
    await ann.said('peerconnect ben')
    t.match(await ann.run("ask('ben', 'echo', 'before')"), [{ response: 'before' }])
    // Asked over the old way, answered over the new one; and asked while there is none.
    await ben.run(
      "$BV.module('later', e => { globalThis.answer = () => e.callback(e.request); console.log('asked later') }); return 0"
    )
    const asked = ann.run("ask('ben', 'later', 'asked before', true, 1)")
    await ben.said('asked later')
    second.setAddress('10.77.1.99/24', 1)
    const between = [ann.run("ask('ben', 'echo', 'there', true, 1)"), ben.run("ask('ann', 'echo', 'back', true, 1)")]
    t.match(await Promise.all(between), [
      [{ response: 'there', peer: { id: ben.id } }],
      [{ response: 'back', peer: { id: ann.id } }]
    ])
    await ben.run('answer(); return 0')
    t.match(await asked, [{ response: 'asked before' }])
    t.notOk(
      [...ann.console, ...ben.console].some(line => line.startsWith('peerdisconnect')),
      'the rendezvous was there all the time'
    )

    const talk = async (): Promise<void> => {
      t.match(await Promise.all([ann.run("ask('ben', 'echo', 1)"), ben.run("ask('ann', 'echo', 2)")]), [
        [{ response: 1, peer: { id: ben.id } }],
        [{ response: 2, peer: { id: ann.id } }]
      ])
    }
    // Nothing tells ben's page that its way to the rendezvous is lost, and nothing tells the rendezvous.
    second.cut()
    await ben.said('disconnect')
    await first.node('-e', [ALONE]).printed(/alone/)
    await talk()
    second.heal()
    await ben.said('connect')
    await talk()

    await rendezvous.kill('SIGKILL')
    await ann.said('disconnect')
    await ben.said('disconnect')
    await talk()
    await first.node('dist/server.js', [], settings).printed(/is running: http/)
    await ann.said('connect')
    await ben.said('connect')
    await talk()
    t.notOk(
      [...ann.console, ...ben.console].some(line => line.startsWith('peerdisconnect')),
      'each page has been the same peer all the time'
    )
  }
)
