// The log when its lines cannot be written: a full disk, a reader that does not read, a reader that has gone.
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { LogStream } from '../src/log-stream.ts'

type Output = NodeJS.WriteStream & { fd: number }

const messages = (text: string): string[] =>
  text
    .trim()
    .split('\n')
    .map(line => (JSON.parse(line) as { msg: string }).msg)

const line = (msg: string, size = 0): string => `${JSON.stringify({ level: 30, msg, filler: 'x'.repeat(size) })}\n`

/** A file in the place of stdout. */
function fileOutput(t: Test, path: string): Output & { fd: number } {
  const output = { fd: openSync(path, 'a'), on: () => output } as unknown as Output
  t.teardown(() => {
    closeSync(output.fd)
  })
  return output
}

/** A socket in the place of stdout, as a pipe is one, and its reader. */
async function pipeOutput(t: Test): Promise<{ output: Output; reader: Socket }> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const output = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [reader] = (await once(server, 'connection')) as [Socket]
  t.teardown(() => {
    output.destroy()
    reader.destroy()
    server.close()
  })
  return { output: output as unknown as Output, reader }
}

t.test(
  'lines on a disk that is full are dropped and counted',
  { skip: !existsSync('/dev/full') && 'no /dev/full' },
  async t => {
    const log = new LogStream(fileOutput(t, '/dev/full'), {})
    log.write(line('one'))
    log.write(line('two'))
    t.equal(log.dropped, 2)
  }
)

t.test(
  'once the disk has room the log says how many lines are missing',
  { skip: !existsSync('/dev/full') && 'no /dev/full' },
  async t => {
    const folder = mkdtempSync(join(tmpdir(), 'nws-log-'))
    t.teardown(() => {
      rmSync(folder, { recursive: true })
    })
    const full = fileOutput(t, '/dev/full')
    const free = fileOutput(t, join(folder, 'log'))
    const output = { fd: full.fd, on: () => output } as unknown as Output
    const log = new LogStream(output, {})
    for (const msg of ['one', 'two', 'three']) log.write(line(msg))
    output.fd = free.fd
    log.write(line('four'))
    log.write(line('five'))
    const text = readFileSync(join(folder, 'log'), 'utf8')
    t.same(messages(text), ['log lines were dropped', 'four', 'five'])
    t.match(text, /"lines":3/)
    t.equal(log.dropped, 3)
  }
)

t.test('a reader that does not read costs 1 MiB and no more', async t => {
  const { output, reader } = await pipeOutput(t)
  const log = new LogStream(output, {})
  let sent = 0
  while (log.dropped === 0) {
    log.write(line(`m${++sent}`, 10_000))
    // The kernel takes bytes between turns.
    await new Promise(setImmediate)
  }
  t.ok(output.writableLength <= 1024 * 1024 + 10_100, 'the queue is bounded')
  const received: string[] = []
  let text = ''
  const complete = new Promise<void>(resolve => {
    reader.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (text + chunk).split('\n')
      text = lines.pop()!
      received.push(...lines.map(each => (JSON.parse(each) as { msg: string }).msg))
      if (received.at(-1) === 'last') resolve()
    })
  })
  const drained = once(output, 'drain')
  reader.resume()
  await drained
  log.write(line('last'))
  await complete
  t.equal(received.at(-2), 'log lines were dropped')
  t.equal(received.length, sent - log.dropped + 2)
})

t.test('a reader that has gone is no fault of the proxy', async t => {
  const { output, reader } = await pipeOutput(t)
  const log = new LogStream(output, {})
  reader.destroy()
  const closed = new Promise(resolve => void output.once('close', resolve))
  log.write(line('one'))
  log.write(line('two'))
  await closed
  log.write(line('three'))
  t.ok(log.dropped > 0)
})
