// docs/PHONES.md: its settings start a proxy that a device on the network reaches, and its example joins and says its word.
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { WebSocket } from 'ws'
import { joinChannel } from '../support/channel.ts'
import { startServer } from '../support/process.ts'
import { statusOf } from '../support/http.ts'

const text = readFileSync(new URL('../../docs/PHONES.md', import.meta.url), 'utf8')
const address = Object.values(networkInterfaces())
  .flat()
  .find(entry => entry?.family === 'IPv4' && !entry.internal)?.address

t.test(
  'a device joins with the token, as the page says',
  { skip: address === undefined && 'this machine has no address on a network' },
  async t => {
    const [, command] = /^```sh\n(.*) npm start\n```$/m.exec(text)!
    const settings = Object.fromEntries(
      command!
        .replace('192.168.1.20', address!)
        .split(' ')
        .map(pair => pair.split('=') as [string, string])
    )
    const server = startServer(t, settings)
    const port = await server.port()
    await server.line(/can be read/)
    const other = await joinChannel(t, `http://localhost:${port}`, 'webchat')
    const [, code] = /^```js\n(const socket = new WebSocket[^]*?)^```$/m.exec(text)!
    const socket = await new Promise<WebSocket>(resolve => {
      runInNewContext(`${code!.replace('192.168.1.20:9009', `${address}:${port}`)}\nopened(socket)`, {
        WebSocket,
        opened: resolve
      })
    })
    t.teardown(() => socket.terminate())
    t.match(await other.nextOf('broadcast'), { data: 'Hello from a phone' })
    t.equal(await statusOf(`http://${address}:${port}/`), 200, 'the console loads')
    t.equal(await statusOf(`http://${address}:${port}/api/channels`), 401, 'and asks for the token')
  }
)
