// How each measured server is spoken to over a WebSocket: joining and publishing. Only the needs of the load.
import { randomBytes } from 'node:crypto'

const mask = randomBytes(4)

/** A masked client frame, as RFC 6455 §5.1 demands of clients. @param opcode 1 text, 2 binary */
export function clientFrame(opcode, payload) {
  const header = payload.length < 126 ? 6 : payload.length < 65536 ? 8 : 14
  const frame = Buffer.alloc(header + payload.length)
  frame[0] = 0x80 | opcode
  if (header === 6) {
    frame[1] = 0x80 | payload.length
  } else if (header === 8) {
    frame[1] = 0x80 | 126
    frame.writeUInt16BE(payload.length, 2)
  } else {
    frame[1] = 0x80 | 127
    frame.writeBigUInt64BE(BigInt(payload.length), 2)
  }
  mask.copy(frame, header - 4)
  for (let i = 0; i < payload.length; i++) frame[header + i] = payload[i] ^ mask[i & 3]
  return frame
}

const text = value => clientFrame(1, Buffer.from(value))
const binary = value => clientFrame(2, Buffer.isBuffer(value) ? value : Buffer.from(value))

/** An MQTT packet with its remaining length. */
function mqtt(type, body) {
  const length = []
  let rest = body.length
  do {
    length.push(rest > 127 ? (rest & 127) | 128 : rest)
    rest >>= 7
  } while (rest > 0)
  return binary(Buffer.concat([Buffer.from([type, ...length]), body]))
}
const mqttText = value => Buffer.concat([Buffer.from([value.length >> 8, value.length & 255]), Buffer.from(value)])

/**
 * Each dialect: `path`, `protocol` for the handshake; `hello` steps, each a frame to send and a text to wait for;
 * `publish(payload)` gives the frame of one message; `companion` the
 * address of a second socket that a peer has.
 */
export const dialects = {
  nws: {
    path: '/bench',
    hello: [],
    publish: payload => text(`{"action":"broadcast","data":"${payload}"}`)
  },
  // The same in the binary form, without and with a way back after a lost socket.
  'nws binary': {
    path: '/bench?binary=1',
    hello: [],
    publish: payload => text(`{"action":"broadcast","data":"${payload}"}`)
  },
  'nws resumable': {
    path: '/bench?binary=1&resume=1000',
    hello: [],
    publish: payload => text(`{"action":"broadcast","data":"${payload}"}`)
  },
  // The other dialects of this project, into the same channel.
  raw: {
    path: '/broadcast/bench',
    hello: [],
    publish: text
  },
  'raw binary': {
    path: '/broadcast/bench',
    hello: [],
    publish: binary
  },
  numbered: {
    path: i => `/network/bench/${i + 2000}`,
    companion: i => `/control/network/bench/${i + 2000}`,
    hello: [],
    publish: text
  },
  ws: {
    path: '/',
    hello: [],
    publish: payload => text(payload)
  },
  'socket.io': {
    path: '/socket.io/?EIO=4&transport=websocket',
    hello: [
      { send: undefined, until: '0{' },
      { send: text('40'), until: '40{' }
    ],
    publish: payload => text(`42["m","${payload}"]`)
  },
  mosquitto: {
    path: '/mqtt',
    protocol: 'mqtt',
    hello: [
      {
        send: mqtt(0x10, Buffer.concat([mqttText('MQTT'), Buffer.from([5, 2, 0, 0, 0]), mqttText('')])),
        until: '\u0020'
      },
      // No local (0x04): a sender does not hear itself.
      {
        send: mqtt(0x82, Buffer.concat([Buffer.from([0, 1, 0]), mqttText('bench'), Buffer.from([0x04])])),
        until: '\u0090'
      }
    ],
    publish: payload => mqtt(0x30, Buffer.concat([mqttText('bench'), Buffer.from([0]), Buffer.from(payload)]))
  },
  'nats-server': {
    path: '/',
    hello: [
      { send: undefined, until: 'INFO' },
      {
        send: binary('CONNECT {"verbose":false,"echo":false,"pedantic":false,"protocol":1}\r\nPING\r\n'),
        until: 'PONG'
      },
      { send: binary('SUB bench 1\r\nPING\r\n'), until: 'PONG' }
    ],
    publish: payload => binary(`PUB bench ${payload.length}\r\n${payload}\r\n`)
  }
}
