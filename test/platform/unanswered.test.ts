// Which connections the other end does not answer: the system's table read, and real connections named as in it.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import t from 'tap'
import { connectionKey, unansweredConnections } from '../../src/platform/unanswered.ts'

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'
const TABLES: Record<string, string> = {
  '/proc/net/tcp': `${HEAD}
   0: 0100007F:2331 0700A8C0:D431 01 00000003:00000000 01:00000012 00000004     0        0 1
   1: 0100007F:2331 0800A8C0:D431 01 00000000:00000000 00:00000000 00000000     0        0 2
`,
  '/proc/net/tcp6': `${HEAD}
   0: 0000000000000000FFFF00000100007F:2331 0000000000000000FFFF00000900A8C0:D431 01 00000003:00000000 01:00000012 00000001     0        0 3
   1: 000080FE000000000000000001000000:2331 000080FE000000000000000002000000:D431 01 00000003:00000000 01:00000012 0000000A     0        0 4
`
}

const keyOf = (remoteAddress: string) => connectionKey({ localPort: 9009, remoteAddress, remotePort: 54321 } as Socket)!

t.test('connections with bytes that were sent again are listed', async t => {
  const keys = await unansweredConnections(async path => TABLES[path]!)
  t.ok(keys.has(keyOf('192.168.0.7')))
  t.notOk(keys.has(keyOf('192.168.0.8')), 'nothing was sent again')
  t.ok(keys.has(keyOf('::ffff:192.168.0.9')), 'IPv4 at a socket for both')
  t.ok(keys.has(keyOf('fe80::2')))
  t.equal(keys.size, 3)
})

t.test('a system without the table has no such connections', async t => {
  t.equal((await unansweredConnections(async () => Promise.reject(new Error('ENOENT')))).size, 0)
})

t.test(
  'a real connection has the name that the table gives it',
  { skip: process.platform !== 'linux' && 'only Linux has the table' },
  async t => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const [socket] = (await once(server, 'connection')) as [Socket]
    t.teardown(() => {
      client.destroy()
      socket.destroy()
      server.close()
    })
    // The same table with every connection marked as sent again.
    const keys = await unansweredConnections(async path =>
      readFileSync(path, 'latin1').replace(/ 00000000( +\d+ +\d+ \d+)/g, ' 00000001$1')
    )
    t.ok(keys.has(connectionKey(socket)!))
    t.equal(connectionKey({} as Socket), undefined, 'a closed one has none')
  }
)
