// Frames as RFC 6455 §5.2 lays them out, and the binary envelope in them.
import t from 'tap'
import { decodeBinaryRequest } from '../../src/core/binary-envelope.ts'
import { BINARY, bytesFrame, TEXT, textFrame } from '../../src/core/websocket-frame.ts'

t.test('the length stands in the shortest form', async t => {
  for (const [length, header] of [
    [0, '8200'],
    [125, '827d'],
    [126, '827e007e'],
    [65535, '827effff'],
    [65536, '827f0000000000010000']
  ] as const) {
    const frame = bytesFrame(BINARY, Buffer.alloc(length, 7))
    t.equal(frame.subarray(0, header.length / 2).toString('hex'), header)
    t.equal(frame.length, header.length / 2 + length)
    t.ok(frame.subarray(header.length / 2).every(byte => byte === 7))
  }
})

t.test('a text frame counts bytes, not characters', async t => {
  t.equal(textFrame('é').toString('hex'), '8102c3a9')
  t.equal(bytesFrame(TEXT, Buffer.from('é')).toString('hex'), '8102c3a9')
})

t.test('binary requests', async t => {
  t.strictSame(decodeBinaryRequest(Buffer.from([3, 0, 1, 2])), { action: 'broadcast', payload: Buffer.from([1, 2]) })
  t.strictSame(decodeBinaryRequest(Buffer.from([3, 1, 65, 2])), { action: 'broadcast', payload: Buffer.from([2]) })
  t.strictSame(decodeBinaryRequest(Buffer.from([4, 2, 65, 66])), {
    action: 'message',
    target: 'AB',
    payload: Buffer.alloc(0)
  })
  for (const [name, bytes, code] of [
    ['empty', [], 'NWS_ERR_MESSAGE_BINARY'],
    ['no length', [3], 'NWS_ERR_MESSAGE_BINARY'],
    ['target beyond the end', [4, 5, 65], 'NWS_ERR_MESSAGE_BINARY'],
    ['unknown op', [9, 0], 'NWS_ERR_MESSAGE_BINARY'],
    ['no target', [4, 0, 1], 'NWS_ERR_MESSAGE_TARGET']
  ] as const)
    t.strictSame(decodeBinaryRequest(Buffer.from(bytes)), { action: 'error', code }, name)
})
