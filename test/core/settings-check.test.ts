// Settings given in code.
import t from 'tap'
import { completeSettings, nearMiss, settingsWarnings } from '../../src/core/settings-check.ts'

t.test('options in code pass the same rules under their own names', async t => {
  t.match(completeSettings({ port: 0, allowedHosts: ['proxy.lan'], apiToken: undefined }), {
    port: 0,
    allowedHosts: ['proxy.lan'],
    apiToken: ''
  })
  for (const [options, code, words] of [
    [{ prot: 1 }, 'NWS_ERR_CONFIG_UNKNOWN', /prot is unknown: did you mean port\?/],
    [{ port: '9009' }, 'NWS_ERR_CONFIG_VALUE', /port: "9009"/],
    [{ port: 1.5 }, 'NWS_ERR_CONFIG_VALUE', /port: "1\.5"/],
    [{ port: Number.NaN }, 'NWS_ERR_CONFIG_VALUE', /port/],
    [{ port: null }, 'NWS_ERR_CONFIG_VALUE', /^(?!)/],
    [{ apiShowNames: 'yes' }, 'NWS_ERR_CONFIG_VALUE', /apiShowNames: "yes"/],
    [{ discovery: 1 }, 'NWS_ERR_CONFIG_VALUE', /discovery: "1" is not allowed. Allowed: on or off/],
    [{ peers: ['a:1', 'foo'] }, 'NWS_ERR_CONFIG_VALUE', /peers: "foo" is not/],
    [{ peers: ['a:1', ''] }, 'NWS_ERR_CONFIG_VALUE', /peers: "\[\\"a:1\\",\\"\\"\]" is not/],
    [{ host: '999.1.1.1' }, 'NWS_ERR_CONFIG_VALUE', /host: "999.1.1.1" is not/],
    [{ clusterUrl: ['nats://ann:pass@host'] }, 'NWS_ERR_CONFIG_VALUE', /clusterUrl: its value \(not shown\)/],
    [{ clusterUrl: ['nats://host:70000'] }, 'NWS_ERR_CONFIG_VALUE', /clusterUrl: "nats:\/\/host:70000"/],
    [{ allowedHosts: 'proxy.lan' }, 'NWS_ERR_CONFIG_VALUE', /allowedHosts/],
    [{ allowedHosts: [1] }, 'NWS_ERR_CONFIG_VALUE', /allowedHosts/],
    [{ allowedOrigins: ['https://example.org/'] }, 'NWS_ERR_CONFIG_VALUE', /Did you mean https:\/\/example\.org\?/],
    [{ apiToken: 12 }, 'NWS_ERR_CONFIG_VALUE', /not shown/],
    [{ logLevel: 'loud' }, 'NWS_ERR_CONFIG_VALUE', /logLevel/],
    [{ host: '0.0.0.0' }, 'NWS_ERR_CONFIG_EXPOSED', /host/],
    [{ pingIntervalMs: 100, peerTimeoutMs: 100 }, 'NWS_ERR_CONFIG_VALUE', /pingIntervalMs.*less than peerTimeoutMs/],
    [{ toString: 1 }, 'NWS_ERR_CONFIG_UNKNOWN', /toString/],
    [JSON.parse('{"__proto__":1}'), 'NWS_ERR_CONFIG_UNKNOWN', /__proto__/]
  ] as [Record<string, unknown>, string, RegExp][]) {
    if (options['port'] === null) t.equal(completeSettings(options).port, 9009, 'null counts as not given')
    else t.throws(() => completeSettings(options), { code, message: words }, JSON.stringify(options))
  }
})

t.test('complete settings cannot be changed', async t => {
  const settings = completeSettings({ allowedHosts: ['a.lan'] })
  t.throws(() => {
    settings.port = 1
  })
  t.throws(() => settings.allowedHosts.push('b.lan'))
})

t.test('[R21] what is allowed but risky is a warning', async t => {
  t.strictSame(settingsWarnings(completeSettings({})), [])
  t.match(settingsWarnings(completeSettings({ host: '0.0.0.0', apiToken: 'short' })), [/plain HTTP/, /fewer than 16/])
  t.match(settingsWarnings(completeSettings({ host: '0.0.0.0', apiToken: 'long-enough-0123456789' })), [/plain HTTP/])
  t.match(settingsWarnings(completeSettings({ maxQueuedBytes: 65536 })), [/NWS_MAX_QUEUED_BYTES/])
})

t.test('a near miss is near', async t => {
  t.equal(nearMiss('x', ['port', 'host']), undefined)
  t.equal(nearMiss('potr', ['port', 'host']), 'port')
  t.equal(nearMiss('anything', []), undefined)
})

t.test('a switch in code is a boolean or a word', async t => {
  for (const [value, expected] of [
    [true, true],
    ['on', true],
    ['true', true],
    [false, false],
    ['off', false],
    ['false', false]
  ] as const)
    t.match(completeSettings({ discovery: value, apiShowNames: value, bv: value }), {
      discovery: expected,
      apiShowNames: expected,
      bv: expected
    })
})
