// Who is meant by a query, what comes and goes, what stays while the rendezvous is away; and how its messages and its
// address are read.
import t from 'tap'
import { Directory } from '../../../src/client/bonevalue/directory.ts'
import { rendezvousUrl } from '../../../src/client/bonevalue/rendezvous.ts'
import { readWire } from '../../../src/client/bonevalue/rendezvous-wire.ts'

function create() {
  const events: string[] = []
  const directory = new Directory<{ name: string; id: string }>({
    connected: ({ name, id }) => events.push(`+${name} ${id}`),
    disconnected: ({ id }) => events.push(`-${id}`),
    userAdded: alias => events.push(`user ${alias}`),
    userRemoved: alias => events.push(`no user ${alias}`)
  })
  return { directory, events, ids: (query: string) => directory.find(query).map(({ id }) => id) }
}

t.test('queries', async t => {
  const { directory, ids, events } = create()
  for (const alias of ['Us', 'Bob', '__proto__']) directory.addUser(alias)
  for (const [name, id] of [
    ['Us', '1'],
    ['Bob', '2'],
    ['Bob', '3'],
    ['__proto__', '4']
  ] as const)
    directory.add({ name, id })
  directory.add({ name: 'Bob', id: '2' })
  t.strictSame(events, ['user Bob', 'user __proto__', '+Us 1', '+Bob 2', '+Bob 3', '+__proto__ 4'])
  t.strictSame(
    [ids('*'), ids('Us'), ids('Bob'), ids('3'), ids('bob'), ids('message'), ids('__proto__')],
    [['1', '2', '3', '4'], ['1'], ['2', '3'], ['3'], [], [], ['4']]
  )
  directory.removeUser('Bob')
  t.strictSame(events.slice(6), ['-2', '-3', 'no user Bob'])
})

t.test('peers that can be reached stay while the rendezvous is away, as long as they can be reached', async t => {
  const { directory, ids, events } = create()
  for (const [name, id] of [
    ['Bob', '1'],
    ['Bob', '2'],
    ['Eve', '3'],
    ['Zoe', '4']
  ] as const) {
    directory.addUser(name)
    directory.add({ name, id })
  }
  events.length = 0
  directory.renew()
  t.strictSame(events, [], 'until the list comes all may be present')
  directory.keepUsers(['Bob', 'Eve'])
  t.strictSame(events.splice(0), ['-4', 'no user Zoe'], 'a user who is not trusted any more is gone')
  directory.add({ name: 'Eve', id: '3' })
  directory.listed(id => id !== '2')
  t.strictSame(events.splice(0), ['-2'], 'a peer that was not listed and cannot be reached is gone')
  t.ok(directory.isListed('3') && !directory.isListed('1'))
  directory.unlist('3', () => true)
  t.strictSame(ids('*'), ['1', '3'], 'they stay while they can be reached')
  directory.unreachable('1')
  directory.add({ name: 'Eve', id: '3' })
  directory.unreachable('3')
  t.strictSame([events, ids('*')], [['-1'], ['3']], 'a peer that is listed again was never away')
})

t.test('messages of the rendezvous are read, others are none', async t => {
  for (const [type, data, expected] of [
    ['setPeerId', { peerId: 5 }, { type: 'setPeerId', peerId: '5' }],
    ['userList', ['a', 1, 'b'], { type: 'userList', names: ['a', 'b'] }],
    [
      'peerList',
      [{ name: 'a', id: 1 }, { name: 'b', id: '22' }, { name: 'c' }, null],
      {
        type: 'peerList',
        peers: [
          { name: 'a', id: '1' },
          { name: 'b', id: '22' }
        ]
      }
    ],
    ['peerConnect', { name: 'a', id: 1 }, { type: 'peerConnect', name: 'a', id: '1' }],
    ['peerDisconnect', 7, { type: 'peerDisconnect', id: '7' }],
    [
      'peerRequest',
      { from: 7, to: 8, spd: { type: 'offer', sdp: 'x' } },
      { type: 'signal', from: '7', signal: { type: 'offer', sdp: 'x' } }
    ],
    [
      'peerResponse',
      { from: 7, spd: { sdp: 'x' } },
      { type: 'signal', from: '7', signal: { type: 'answer', sdp: 'x' } }
    ],
    [
      'peerCandidate',
      { from: 7, candidate: null },
      { type: 'signal', from: '7', signal: { type: 'candidate', candidate: null } }
    ],
    [
      'error',
      { code: 'NWS_ERR_X', message: 'm', type: 'claimToken' },
      { type: 'error', code: 'NWS_ERR_X', message: 'm', about: 'claimToken', to: undefined, retryAfterMs: undefined }
    ],
    ['peerConnect', { name: 'a', id: -1 }, undefined],
    ['peerRequest', { from: 7 }, undefined],
    ['userAdd', {}, undefined],
    ['toString', {}, undefined]
  ] as const)
    t.strictSame(readWire(JSON.stringify({ type, data })), expected, `${type} ${JSON.stringify(data)}`)
  for (const text of ['', '[]', 'null', '{}', '{"type":1}', new ArrayBuffer(1)]) t.equal(readWire(text), undefined)
})

t.test('addresses of the rendezvous', async t => {
  const http = { protocol: 'http:' }
  const https = { protocol: 'https:' }
  for (const [host, page, expected] of [
    ['p2p.example.com', http, 'ws://p2p.example.com/'],
    ['p2p.example.com:81', https, 'wss://p2p.example.com:81/'],
    ['localhost:9009', https, 'ws://localhost:9009/'],
    ['https://a.example/nws/bv/socket', http, 'wss://a.example/nws/bv/socket'],
    ['ws://a.example', https, 'ws://a.example/'],
    ['p2p.example.com', undefined, 'ws://p2p.example.com/'],
    ['ftp://a.example', http, undefined],
    ['ann:secret@a.example', http, undefined],
    ['', http, undefined]
  ] as const)
    t.equal(rendezvousUrl(host, page), expected, host)
})
