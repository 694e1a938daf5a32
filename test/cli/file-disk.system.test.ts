// `nws file receive` on a disk that fills up: a small file system of its own.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { NetworkWebSocket, type Source } from '../../src/client/node.ts'
import { hashOf, startFileCommands } from '../support/file-commands.ts'

const skip = process.geteuid?.() === 0 ? (false as const) : 'only root can mount a file system'
const SIZE = 20_000_000

t.test('a full disk is said at both ends, and the transfer goes on when there is room', { skip }, async t => {
  const { address, receive } = await startFileCommands(t)
  const disk = join(t.testdir({ disk: {} }), 'disk')
  t.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=30m', 'nws-files-test', disk]).status, 0)
  t.teardown(() => spawnSync('umount', ['-l', disk]))
  const other = join(disk, 'other')
  const fill = (size: string): unknown => spawnSync('fallocate', ['-l', size, other])
  // The sender waits in the middle until the test lets it go on.
  const content = randomBytes(SIZE)
  let goOn!: () => void
  const isHalf = new Promise<void>(resolve => {
    goOn = resolve
  })
  let halfRead!: () => void
  const half = new Promise<void>(resolve => {
    halfRead = resolve
  })
  const source: Source = {
    size: SIZE,
    read: async (into, offset) => {
      if (offset > SIZE / 2) {
        halfRead()
        await isHalf
      }
      into.set(content.subarray(offset, offset + into.length))
      return Math.min(into.length, SIZE - offset)
    }
  }
  const channel = new NetworkWebSocket('full', { endpoint: address.replace(/^http/, 'ws') })
  t.teardown(() => channel.close())
  const codes: (string | undefined)[] = []
  const sent = channel.sendFile(source, {
    name: 'wide.bin',
    receivers: 1,
    version: 'wide',
    onProgress: ({ state, code }) => {
      if (state === 'refused') codes.push(code)
    }
  })

  fill('15M')
  t.match(await receive('full', disk).ended, { code: 1, stderr: /NWS_CLI_FILE_SPACE/ }, 'before the first byte')
  t.strictSame(readdirSync(disk), ['other'])
  rmSync(other)

  const receiver = receive('full', disk)
  await half
  fill('18M')
  goOn()
  t.match(await receiver.ended, { code: 1, stderr: /NWS_CLI_FILE_SPACE/ }, 'in the middle')
  t.notOk(readdirSync(disk).includes('wide.bin'))
  rmSync(other)

  t.match(await receive('full', disk).ended, { code: 0 })
  t.equal((await sent).completed.length, 1)
  t.strictSame(codes, ['NWS_CLIENT_FILE_NO_SPACE', 'NWS_CLIENT_FILE_NO_SPACE'])
  t.equal(hashOf(readFileSync(join(disk, 'wide.bin'))), hashOf(content))
  t.strictSame(readdirSync(disk), ['wide.bin'])
})
