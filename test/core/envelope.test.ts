// What a client's envelope says: the same as JSON.parse would say, and the raw text of its data.
import fc from 'fast-check'
import t from 'tap'
import { decodePublish, decodeRequest, errorText, presenceText, statusText } from '../../src/core/envelope.ts'

const decode = (text: string, depth = 128) => decodeRequest(Buffer.from(text), depth)

t.test('data is passed on as the text it came in', async t => {
  for (const [text, data] of [
    ['{"action":"broadcast","data":12345678901234567890}', '12345678901234567890'],
    ['{"action":"broadcast","data":1.0}', '1.0'],
    ['{"action":"broadcast","data": [ 1 , 2 ] }', '[ 1 , 2 ]'],
    ['{"data":"\\u0041","action":"broadcast"}', '"\\u0041"'],
    ['  {"action":"broadcast","data":null}\n', 'null'],
    ['{"action":"broadcast"}', '""'],
    ['{"action":"broadcast","data":1,"data":2}', '2'],
    ['{"action":"broadcast","\\u0064ata":3}', '3'],
    ['{"action":"broadcast","data":4,"__proto__":{"data":5}}', '4'],
    ['{"action":"message","action":"\\u0062roadcast","data":6}', '6'],
    ['{"action":"broadcast","Data":7}', '""']
  ] as const) {
    const request = decode(text)
    t.equal(request.action, 'broadcast', text)
    t.equal('data' in request ? request.data.toString() : undefined, data, text)
  }
})

t.test('says what is wrong', async t => {
  for (const [text, code] of [
    ['', 'NWS_ERR_MESSAGE_NOT_JSON'],
    ['hello', 'NWS_ERR_MESSAGE_NOT_JSON'],
    ['null', 'NWS_ERR_MESSAGE_NOT_JSON'],
    ['[]', 'NWS_ERR_MESSAGE_NOT_JSON'],
    ['"broadcast"', 'NWS_ERR_MESSAGE_NOT_JSON'],
    ['{"action":"broadcast"', 'NWS_ERR_MESSAGE_NOT_JSON'],
    ['{"action":"broadcast",}', 'NWS_ERR_MESSAGE_NOT_JSON'],
    ['{"action":"broadcast"} {}', 'NWS_ERR_MESSAGE_NOT_JSON'],
    ['{"action":"broadcast","data":}', 'NWS_ERR_MESSAGE_NOT_JSON'],
    ['\ufeff{"action":"status"}', 'NWS_ERR_MESSAGE_NOT_JSON'],
    ['{}', 'NWS_ERR_MESSAGE_ACTION'],
    ['{"action":"connect"}', 'NWS_ERR_MESSAGE_ACTION'],
    ['{"action":["broadcast"]}', 'NWS_ERR_MESSAGE_ACTION'],
    ['{"__proto__":{"action":"broadcast"}}', 'NWS_ERR_MESSAGE_ACTION'],
    ['{"action":"message","data":1}', 'NWS_ERR_MESSAGE_TARGET'],
    ['{"action":"message","target":7,"data":1}', 'NWS_ERR_MESSAGE_TARGET'],
    ['{"action":"message","target":"","data":1}', 'NWS_ERR_MESSAGE_TARGET'],
    ['{"action":"broadcast","data":' + '['.repeat(10_000) + ']'.repeat(10_000) + '}', 'NWS_ERR_MESSAGE_TOO_DEEP'],
    ['{"action":"broadcast","data":' + '{"a":'.repeat(129) + '1' + '}'.repeat(129) + '}', 'NWS_ERR_MESSAGE_TOO_DEEP']
  ] as const)
    t.strictSame(decode(text), { action: 'error', code }, JSON.stringify(text.slice(0, 60)))
  t.equal(
    decode('{"action":"broadcast","data":' + '['.repeat(128) + ']'.repeat(128) + '}').action,
    'broadcast',
    '128 open at once pass'
  )
})

t.test('sees what JSON.parse sees, whatever the order, doubling and spelling of keys', async () => {
  const escape = (key: string, at: number) =>
    key.slice(0, at) + '\\u' + key.charCodeAt(at).toString(16).padStart(4, '0') + key.slice(at + 1)
  const keys = fc.oneof(
    fc.constantFrom(
      'action',
      'target',
      'data',
      'source',
      'token',
      '__proto__',
      'constructor',
      'toString',
      'Action',
      'DATA',
      ''
    ),
    fc.tuple(fc.constantFrom('action', 'target', 'data'), fc.nat({ max: 3 })).map(([key, at]) => escape(key, at)),
    fc.string().map(text => JSON.stringify(text).slice(1, -1))
  )
  const values = fc.oneof(
    fc.constantFrom(
      '"broadcast"',
      '"message"',
      '"status"',
      '"\\u0073tatus"',
      '"x"',
      '""',
      '1.0',
      '12345678901234567890',
      '"\\ud800"'
    ),
    fc.json({ maxDepth: 3 })
  )
  const space = fc.constantFrom('', ' ', '\n', '\t ')
  fc.assert(
    fc.property(
      fc.array(fc.tuple(keys, values, space), { maxLength: 8 }),
      fc.option(fc.tuple(fc.nat(), fc.constantFrom('"', ',', '}', '{', '\\', ' ', ':'))),
      (members, damage) => {
        let text = `{${members.map(([key, value, gap]) => `${gap}"${key}"${gap}:${gap}${value}${gap}`).join(',')}}`
        if (damage !== null)
          text = text.slice(0, damage[0] % text.length) + damage[1] + text.slice((damage[0] % text.length) + 1)
        // JSON.parse makes a member of __proto__ an own property, so plain property reads see what the text says.
        let parsed: Record<string, unknown> | undefined
        try {
          const value: unknown = JSON.parse(text)
          parsed =
            typeof value === 'object' && value !== null && !Array.isArray(value)
              ? (value as Record<string, unknown>)
              : undefined
        } catch {}
        const request = decode(text)
        if (parsed === undefined) return request.action === 'error' && request.code === 'NWS_ERR_MESSAGE_NOT_JSON'
        const own = (key: string) => (Object.hasOwn(parsed, key) ? parsed[key] : undefined)
        const action = own('action')
        if (action === 'status') return request.action === 'status'
        const sameData = () =>
          'data' in request &&
          JSON.stringify(JSON.parse(request.data.toString())) ===
            JSON.stringify(Object.hasOwn(parsed, 'data') ? parsed['data'] : '')
        if (action === 'broadcast') return request.action === 'broadcast' && sameData()
        if (action === 'message') {
          const target = own('target')
          return typeof target === 'string' && target !== ''
            ? request.action === 'message' && request.target === target && sameData()
            : request.action === 'error' && request.code === 'NWS_ERR_MESSAGE_TARGET'
        }
        return request.action === 'error' && request.code === 'NWS_ERR_MESSAGE_ACTION'
      }
    ),
    { numRuns: 20_000 }
  )
})

t.test('a message of many escaped keys is read in linear time', async t => {
  const text = `{${'"a":1,'.repeat(150_000)}"action":"status","\\u0061":1}`
  const started = process.cpuUsage().user
  t.equal(decode(text).action, 'status')
  t.ok(process.cpuUsage(undefined).user - started < 2_000_000, 'a megabyte takes no seconds')
})

t.test('a publish body is told from what is none', async t => {
  t.strictSame(decodePublish(Buffer.from('{"data":1.0,"target":"p"}'), 128), { data: Buffer.from('1.0'), target: 'p' })
  t.strictSame(decodePublish(Buffer.from('{"data":{}}'), 128), { data: Buffer.from('{}'), target: undefined })
  for (const [bytes, code] of [
    [Buffer.from('[]'), 'NWS_ERR_REQUEST_NOT_JSON'],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'NWS_ERR_REQUEST_NOT_JSON'],
    [Buffer.from('{}'), 'NWS_ERR_MESSAGE_DATA'],
    [Buffer.from('{"data":1,"target":1}'), 'NWS_ERR_MESSAGE_TARGET']
  ] as const)
    t.equal(decodePublish(bytes, 128), code)
})

t.test('texts for clients are JSON', async t => {
  t.strictSame(JSON.parse(presenceText('connect', 'me', 'you')), { action: 'connect', source: 'me', target: 'you' })
  t.strictSame(JSON.parse(statusText('me')), { action: 'status', source: 'me', target: 'me' })
  t.strictSame(JSON.parse(errorText('CODE', 'a "b"', { missed: 2 })), {
    action: 'error',
    code: 'CODE',
    message: 'a "b"',
    missed: 2
  })
})
