// Settings from environment variables: their values, and the one line about a mistake.
import t from 'tap'
import { readSettings } from '../../src/core/environment.ts'
import { NwsError } from '../../src/core/errors.ts'
import { completeSettings } from '../../src/core/settings-check.ts'

/** The error that an environment ends in. */
function errorOf(environment: Record<string, string>): NwsError {
  try {
    readSettings(environment)
  } catch (error) {
    if (error instanceof NwsError) return error
    throw error
  }
  throw new Error('the environment was taken')
}

t.test('an environment without NWS_ variables gives the defaults', async t => {
  t.strictSame(readSettings({ PATH: '/bin', nws_port: 'x', NWSPORT: 'x' }), completeSettings({}))
  t.match(readSettings({}), {
    port: 9009,
    host: '',
    logLevel: 'info',
    maxMessageBytes: 1048576,
    allowedHosts: [],
    pingIntervalMs: 30_000
  })
})

t.test('every kind of value is read', async t => {
  t.match(
    readSettings({
      NWS_PORT: '0',
      NWS_HOST: '0.0.0.0',
      NWS_API_TOKEN: 'a+b/c=',
      NWS_API_SHOW_NAMES: 'off',
      NWS_ALLOWED_HOSTS: 'proxy.lan, 10.0.0.1:8080',
      NWS_ALLOWED_ORIGINS: 'https://example.org,null',
      NWS_LOG_LEVEL: 'trace',
      NWS_EXTENSIONS: './a.js,/b.js',
      NWS_X_ANYTHING: 'goes'
    }),
    {
      port: 0,
      host: '0.0.0.0',
      apiToken: 'a+b/c=',
      apiShowNames: false,
      allowedHosts: ['proxy.lan', '10.0.0.1:8080'],
      allowedOrigins: ['https://example.org', 'null'],
      logLevel: 'trace',
      extensions: ['./a.js', '/b.js']
    }
  )
})

t.test('an empty variable is as good as not set', async t => {
  t.strictSame(
    readSettings({ NWS_PORT: '', NWS_ALLOWED_ORIGINS: '', NWS_API_SHOW_NAMES: '', NWS_NO_SUCH_THING: '' }),
    completeSettings({})
  )
})

t.test('every switch takes true and false, on and off', async t => {
  for (const [text, value] of [
    ['true', true],
    ['on', true],
    ['false', false],
    ['off', false]
  ] as const)
    t.match(
      readSettings({ NWS_API_SHOW_NAMES: text, NWS_DISCOVERY: text, NWS_EXAMPLES: text, NWS_BV: text }),
      { apiShowNames: value, discovery: value, examples: value, bv: value },
      text
    )
})

t.test('wrong values stop the start with one line: variable, value, what is allowed', async t => {
  for (const [variable, value, allowed] of [
    ['NWS_PORT', 'abc', 'a whole number from 0 to 65535'],
    ['NWS_PORT', '65536', 'a whole number from 0 to 65535'],
    ['NWS_PORT', '-1', 'a whole number'],
    ['NWS_PORT', '+1', 'a whole number'],
    ['NWS_PORT', '1e3', 'a whole number'],
    ['NWS_PORT', '0x10', 'a whole number'],
    ['NWS_PORT', '9009 ', 'a whole number'],
    ['NWS_PORT', '09009', 'a whole number'],
    ['NWS_PORT', '9009.0', 'a whole number'],
    ['NWS_PORT', '１', 'a whole number'],
    ['NWS_MAX_MESSAGE_BYTES', '0', 'a whole number from 1 to 67108864'],
    ['NWS_MAX_MESSAGE_BYTES', '1MiB', 'a whole number'],
    ['NWS_MAX_MESSAGES_PER_SECOND', '99999999999999999999', 'a whole number from 1 on'],
    ['NWS_PEER_TIMEOUT_MS', '', ''],
    ['NWS_API_SHOW_NAMES', 'yes', 'on or off, true or false'],
    ['NWS_API_SHOW_NAMES', 'TRUE', 'on or off'],
    ['NWS_LOG_LEVEL', 'verbose', 'one of fatal, error, warn, info, debug, trace, silent'],
    ['NWS_ALLOWED_HOSTS', '*', 'name or name:port'],
    ['NWS_ALLOWED_HOSTS', 'http://a.lan', 'name or name:port'],
    ['NWS_ALLOWED_ORIGINS', ',', 'an origin such as https://example.org'],
    ['NWS_ALLOWED_ORIGINS', 'https://a.lan,', 'origin'],
    ['NWS_ALLOWED_ORIGINS', '*', 'origin'],
    ['NWS_HOST', 'http://0.0.0.0', 'an IP address or a host name'],
    ['NWS_EXTENSIONS', 'a.js,,b.js', 'a list separated by commas']
  ] as const) {
    if (value === '') continue
    const { code, message } = errorOf({ [variable]: value })
    t.equal(code, 'NWS_ERR_CONFIG_VALUE', `${variable}=${value}`)
    for (const part of [variable, value, allowed]) t.ok(message.includes(part), `${message} names ${part}`)
    t.notMatch(message, /\n/, 'one line')
  }
})

t.test('a wrong entry of a list is quoted as it was typed', async t => {
  for (const [variable, value, quoted] of [
    ['NWS_PEERS', 'foo', 'foo'],
    ['NWS_PEERS', 'a:1, b ,c:2', 'b'],
    ['NWS_ALLOWED_ORIGINS', 'https://a.lan,https://b.lan/', 'https://b.lan/'],
    ['NWS_PEERS', 'a:1,,b:2', 'a:1,,b:2']
  ] as const)
    t.ok(errorOf({ [variable]: value }).message.includes(`${variable}: "${quoted}" is not allowed.`), value)
})

t.test('a value cannot break out of the line', async t => {
  const { message } = errorOf({ NWS_PORT: `1\n2\r\u001b[31m${'x'.repeat(1000)}` })
  t.ok([...message].every(character => character >= ' '))
  t.ok(message.length < 300)
})

t.test('the token is never shown, whether its value or its name is wrong', async t => {
  const secret = 'geheim mit blank'
  t.match(errorOf({ NWS_API_TOKEN: secret }), {
    code: 'NWS_ERR_CONFIG_VALUE',
    message: /NWS_API_TOKEN.*printable ASCII/
  })
  for (const variable of ['NWS_API_TOKEN', 'NWS_API_TOKENS', 'NWS_TOKEN'])
    t.notMatch(errorOf({ [variable]: secret }).message, /geheim/, variable)
})

t.test('unknown names stop the start with the near miss', async t => {
  for (const [variable, near] of [
    ['NWS_PROT', 'NWS_PORT'],
    ['NWS_port', 'NWS_PORT'],
    ['NWS_MAX_MESSAGES_BYTES', 'NWS_MAX_MESSAGE_BYTES'],
    ['NWS_MAXMESSAGEBYTES', 'NWS_MAX_MESSAGE_BYTES'],
    ['NWS_ALLOWED_ORIGIN', 'NWS_ALLOWED_ORIGINS'],
    ['NWS_API_TOKENS', 'NWS_API_TOKEN']
  ] as const)
    t.match(errorOf({ [variable]: '1' }), {
      code: 'NWS_ERR_CONFIG_UNKNOWN',
      message: `${variable} is unknown: did you mean ${near}?`
    })
  t.match(errorOf({ NWS_COMPLETELY_DIFFERENT: '1' }), {
    code: 'NWS_ERR_CONFIG_UNKNOWN',
    message: /NWS_COMPLETELY_DIFFERENT is unknown; variables of extensions begin with NWS_X_/
  })
  t.match(errorOf({ NWS_WORKERS: '4' }).message, /NWS_WORKERS is unknown: use the flag --workers of nws serve/)
  t.match(errorOf({ ['NWS_' + 'A'.repeat(5000) + '\n']: '1' }), {
    code: 'NWS_ERR_CONFIG_UNKNOWN',
    message: /^.{1,300}$/
  })
})

t.test('service links of Kubernetes are recognised', async t => {
  for (const [variable, value] of [
    ['NWS_PORT', 'tcp://10.0.0.1:9009'],
    ['NWS_SERVICE_HOST', '10.0.0.1'],
    ['NWS_PORT_9009_TCP_ADDR', '10.0.0.1']
  ] as const) {
    t.match(errorOf({ [variable]: value }).message, new RegExp(`${variable}.*Kubernetes.*enableServiceLinks`))
  }
})

t.test('values that do not fit together stop the start', async t => {
  t.match(errorOf({ NWS_PING_INTERVAL_MS: '60000' }), {
    code: 'NWS_ERR_CONFIG_VALUE',
    message: /NWS_PING_INTERVAL_MS.*less than NWS_PEER_TIMEOUT_MS/
  })
  t.equal(readSettings({ NWS_PING_INTERVAL_MS: '59999' }).pingIntervalMs, 59_999)
})

t.test('a host beyond this machine needs the token', async t => {
  for (const host of ['0.0.0.0', '::', '192.168.1.5', 'proxy.lan', '10.0.0.1', '::ffff:10.0.0.1']) {
    t.match(errorOf({ NWS_HOST: host }), { code: 'NWS_ERR_CONFIG_EXPOSED', message: /NWS_HOST.*NWS_API_TOKEN/ }, host)
    t.equal(readSettings({ NWS_HOST: host, NWS_API_TOKEN: 'x' }).host, host)
  }
  for (const host of ['127.0.0.1', '127.0.0.2', '::1', 'localhost'])
    t.equal(readSettings({ NWS_HOST: host }).host, host)
})
