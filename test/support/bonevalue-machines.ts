// Two machines, each with a browser whose page is logged in, and a rendezvous on the first: network namespaces, so that a way is really
// gone if a test takes it away. The rendezvous is reached by the first LAN, which passes no other datagrams; peers reach each other by
// the second.
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { buildTestApp } from './app.ts'
import { addFriends, enter, openRtcPage, rendezvousOptions } from './bonevalue.ts'
import { launchBrowser } from './browser.ts'
import { createNetwork, type Host, type Program } from './namespaces.ts'

const PORT = 9011
const PAGE =
  "require('node:http').createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>test</title>')).listen(8080, '127.0.0.1', () => console.log('serves'))"
/** Waits until the rendezvous on this machine has one page. */
const ALONE =
  "const look = () => fetch('http://127.0.0.1:9009/api/rendezvous').then(answer => answer.json()).then(({ peers }) => peers === 1 ? console.log('alone') : setTimeout(look, 100)); look()"

/** @param settings more variables of the rendezvous. @param options of the BoneValue in both pages */
export async function twoMachines(
  t: Test,
  { settings, options }: { settings: Record<string, string>; options: Readonly<Record<string, unknown>> }
) {
  const folder = t.testdir({ data: {} })
  const dataDir = join(folder, 'data')
  const { app, url: home } = await buildTestApp(t, { ...rendezvousOptions, dataDir })
  await addFriends(t, home, 'ann', 'ben')
  await app.close()

  const { hosts } = await createNetwork(t, [{ segments: [0, 1] }, { segments: [0, 1] }])
  const [first, second] = hosts as [Host, Host]
  for (const host of hosts) host.exec('iptables', ['-w', '-A', 'INPUT', '-i', 'eth0', '-p', 'udp', '-j', 'DROP'])
  const url = `http://${first.address}:${PORT}`
  const env = {
    NWS_DISCOVERY: 'off',
    NWS_DATA_DIR: dataDir,
    NWS_BV: 'on',
    NWS_BV_INSECURE: 'true',
    NWS_BV_LISTEN: `${first.address}:${PORT}`,
    ...settings
  }
  let rendezvous: Program | undefined
  const start = async (): Promise<void> => {
    rendezvous = first.node('dist/server.js', [], { env })
    await rendezvous.printed(/is running: http/)
  }
  await start()

  const open = async (host: Host, user: string) => {
    await host.node('-e', [PAGE]).printed(/serves/)
    const wrapper = join(folder, `chromium-${user}`)
    writeFileSync(wrapper, `#!/bin/sh\nexec ip netns exec ${host.namespace} /usr/bin/chromium "$@"\n`)
    chmodSync(wrapper, 0o755)
    const browser = await launchBrowser(wrapper)
    t.teardown(() => browser.close())
    return await enter(await openRtcPage(t, 'http://localhost:8080/', browser), url, user, options)
  }
  const ann = await open(first, 'ann')
  const ben = await open(second, 'ben')
  // From here on each `connect` is a return.
  for (const page of [ann, ben]) await page.said('connect')
  await ann.said('peerconnect ben')
  return {
    first,
    second,
    ann,
    ben,
    /** Starts the rendezvous again, after `rendezvous().kill`. */
    start,
    rendezvous: (): Program => rendezvous!,
    /** Waits until the rendezvous believes that one page is gone. */
    alone: async (): Promise<void> => {
      await first.node('-e', [ALONE]).printed(/alone/, 120_000)
    },
    /** Each asks the other. */
    talk: async (t: Test): Promise<void> => {
      t.match(await Promise.all([ann.run("ask('ben', 'echo', 1)"), ben.run("ask('ann', 'echo', 2)")]), [
        [{ response: 1, peer: { id: ben.id } }],
        [{ response: 2, peer: { id: ann.id } }]
      ])
    }
  }
}
