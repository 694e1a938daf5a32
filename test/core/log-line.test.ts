// Lines of the log as people read them.
import t from 'tap'
import { logLine } from '../../src/core/log-line.ts'

const time = new Date(2026, 0, 2, 3, 4, 5).getTime()
const line = (record: object, color = false): string =>
  logLine(JSON.stringify({ level: 30, time, pid: 1, hostname: 'here', ...record }), color)

t.test('lines', async t => {
  for (const [name, record, expected] of [
    ['a message', { msg: 'hello' }, '03:04:05 hello\n'],
    [
      'a warning with fields',
      { level: 40, msg: 'careful', proxy: 'abc', n: 3 },
      '03:04:05 warning careful proxy=abc n=3\n'
    ],
    ['a text that needs quotes', { msg: 'x', reason: 'two words' }, '03:04:05 x reason="two words"\n'],
    [
      'an error',
      { level: 50, msg: 'failed', err: { type: 'Error', message: 'no', stack: 'Error: no\n    at here' } },
      '03:04:05 error failed\n    Error: no\n        at here\n'
    ],
    [
      'an error without stack',
      { level: 60, msg: 'failed', err: { type: 'E', code: 'X' } },
      '03:04:05 fatal failed\n    {"type":"E","code":"X"}\n'
    ],
    ['a level of somebody else', { level: 35, msg: 'x' }, '03:04:05 35 x\n']
  ] as const)
    t.equal(line(record), expected, name)
})

t.test('what is no line of the log stays as it is', async t => {
  for (const text of ['', 'words', '[', '3', 'null']) t.equal(logLine(text, true), text)
})

t.test('no value writes anywhere else on the screen', async t => {
  t.notMatch(
    line({ msg: '\u001b[2Jboo', field: '\u001b]0;title\u0007', err: { stack: 'a\u001b[1A\u202e' } }),
    /[\u001b\u0007\u202e]/
  )
})

t.test('colours are asked for', async t => {
  t.equal(line({ level: 40, msg: 'careful' }, true), '\u001b[90m03:04:05\u001b[0m \u001b[33mwarning\u001b[0m careful\n')
})
