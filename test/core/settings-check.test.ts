// Settings given in code, and the table of settings in the documentation.
import { readFileSync } from 'node:fs'
import t from 'tap'
import {
  completeSettings,
  nearMiss,
  ruleOf,
  settingNames,
  settingsWarnings,
  variableOf
} from '../../src/core/settings-check.ts'

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
    [{ apiShowNames: 'true' }, 'NWS_ERR_CONFIG_VALUE', /apiShowNames/],
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

t.test('docs/LIMITS.md has one row for each setting, with its default', async t => {
  const text = readFileSync(new URL('../../docs/LIMITS.md', import.meta.url), 'utf8')
  const rows = new Map(
    Array.from(text.matchAll(/^\| `(NWS_[A-Z_]+)` \| ([^|]*) \|([^|]*)\|/gm), ([, name, initial, allowed]) => [
      name!,
      { initial: initial!.trim(), allowed: allowed!.trim() }
    ])
  )
  t.strictSame([...rows.keys()].sort(), settingNames.map(variableOf).sort(), 'the same names, each once')
  for (const name of settingNames) {
    const rule = ruleOf(name)
    const { initial, allowed } = rows.get(variableOf(name))!
    const plain = Array.isArray(rule.default) || rule.default === '' ? '–' : String(rule.default)
    t.equal(initial, plain, `default of ${name}`)
    if (rule.type !== 'integer') continue
    t.equal(
      allowed,
      rule.maximum === Number.MAX_SAFE_INTEGER ? `≥ ${rule.minimum}` : `${rule.minimum} – ${rule.maximum}`,
      `range of ${name}`
    )
  }
})
