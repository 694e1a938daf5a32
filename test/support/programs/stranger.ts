// A stranger on the network as a program of its own: right handshakes with keys of its own, no name of any channel, and
// otherwise hostile. Prints one JSON event a line: ready (with the id), open (with the address), closed. Not a test.
//   {"do":"flood","host":"10.77.0.1","port":1,"from":["10.77.0.101",…]}   dials from each address, asks for rounds of 512
//                                                                         channels that it does not have, one after another
//   {"do":"listen","at":["10.77.0.101",…],"port":2}                       takes links, says HELLO, answers PING, never M2
import { randomBytes } from 'node:crypto'
import { connect, createServer, type Socket } from 'node:net'
import sodium from 'libsodium-wrappers-sumo'
import { base32, concat, readU32, u16, u32 } from '../../../src/core/bytes.ts'
import { frameType, readFrames } from '../../../src/core/link/wire/frames.ts'
import {
  HandshakeInitiator,
  W0_BYTES,
  W1_BYTES,
  acceptHandshake,
  createIdentity,
  type LinkKeys,
  type LinkRole
} from '../../../src/core/link/wire/handshake.ts'
import { readHello, writeHello } from '../../../src/core/link/wire/hello.ts'
import { MessageReader } from '../../../src/core/link/wire/message-reader.ts'
import { createLinkPrimitives } from '../../../src/plugins/crypto/primitives.ts'
import { frameBytes } from '../raw-link.ts'

const SLOTS = 512
const AGAIN_MS = 300
const ZERO = new Uint8Array(8)

await sodium.ready
const primitives = createLinkPrimitives(sodium)
const print = (event: Record<string, unknown>) => process.stdout.write(`${JSON.stringify(event)}\n`)
/** Valid elements of no channel; they may be the same in each round. */
const junk = concat(...Array.from({ length: SLOTS }, () => primitives.fromHash(new Uint8Array(randomBytes(64)))))

/** Of the process. */
const own = createIdentity(primitives)

type Send = (type: number, body: Uint8Array) => void

/** One end of a link. @param onFrame is told of frames after HELLO */
function end(socket: Socket, role: LinkRole, opened: (send: Send) => void, onFrame: typeof attack): void {
  const identity = role === 'R' ? own : createIdentity(primitives)
  const handshake = role === 'I' ? new HandshakeInitiator(primitives, identity, undefined) : undefined
  let keys: LinkKeys | undefined
  const send: Send = (type, body) => {
    const message = keys!.send.seal(frameBytes(type, body))!
    socket.write(concat(u16(message.length), message))
  }
  const greet = (yours: Uint8Array) =>
    send(frameType.hello, writeHello({ mine: randomBytes(8), yours, received: 0, generation: 1, port: 0 }))
  const take = (message: Uint8Array): void => {
    if (keys === undefined) {
      const accepted = handshake === undefined ? acceptHandshake(primitives, identity, message) : undefined
      if (accepted?.ok === true) socket.write(accepted.value.w1)
      const finished = accepted?.ok === true ? accepted.value.keys : handshake?.finish(message)
      if (finished === undefined || ('ok' in finished && !finished.ok)) return void socket.destroy()
      keys = 'ok' in finished ? finished.value : finished
      if (role === 'I') greet(ZERO)
      return
    }
    const plaintext = keys.receive.open(message)
    if (plaintext === undefined) return void socket.destroy()
    for (const { type, body } of readFrames(plaintext, role === 'I' ? 'R' : 'I').frames) {
      if (type === frameType.rekey) keys.receive.rekey()
      else if (type === frameType.ping) send(frameType.pong, body)
      else if (type === frameType.hello) {
        const hello = readHello(body)
        if (role === 'R' && hello.ok) greet(hello.value.mine)
        print({ event: 'open', address: socket.remoteAddress })
        opened(send)
      } else onFrame(type, body, send)
    }
  }
  const reader = new MessageReader(role === 'I' ? W1_BYTES : W0_BYTES, take)
  socket.on('data', chunk => reader.push(new Uint8Array(chunk)))
  socket.on('error', () => {})
  if (handshake !== undefined) socket.write(handshake.w0)
}

const ask = (send: Send, r: number) => send(frameType.m1, concat(u32(r), Uint8Array.of(3, 9), junk))

/** Goes on with a round: whatever fits by its length. */
function attack(type: number, body: Uint8Array, send: Send): void {
  const r = readU32(body, 0)
  if (type === frameType.m2) send(frameType.m3, concat(u32(r), randomBytes(16 * 2 ** body[5]!)))
  if (type === frameType.m4) send(frameType.m5, concat(u32(r), randomBytes(64 * SLOTS)))
  if (type === frameType.m6) ask(send, r + 1)
}

function dial(host: string, port: number, localAddress: string): void {
  const socket = connect({ host, port, localAddress, noDelay: true })
  socket.on('connect', () => end(socket, 'I', send => ask(send, 0), attack))
  socket.on('error', () => {})
  socket.on('close', () => {
    print({ event: 'closed', address: localAddress })
    setTimeout(() => dial(host, port, localAddress), AGAIN_MS)
  })
}

const command = JSON.parse(process.argv[2]!) as {
  readonly do: 'flood' | 'listen'
  readonly host: string
  readonly port: number
  readonly from: readonly string[]
  readonly at: readonly string[]
}
if (command.do === 'flood') for (const address of command.from) dial(command.host, command.port, address)
else
  for (const address of command.at)
    createServer(socket =>
      end(
        socket,
        'R',
        () => {},
        () => {}
      )
    ).listen(command.port, address)
print({ event: 'ready', id: base32(own.id) })
