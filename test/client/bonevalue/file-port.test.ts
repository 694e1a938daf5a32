// The way of file transfers between pages: what waits for one peer does not hold up another.
import t from 'tap'
import { fileTransfers } from '../../../src/client/bonevalue/file-port.ts'
import type { FilePort } from '../../../src/client/files/port.ts'
import type { FileTransfers } from '../../../src/client/files/transfers.ts'

t.test('a peer that is silent holds up itself alone', async t => {
  const answers: (() => void)[] = []
  let port: FilePort | undefined
  fileTransfers(
    {
      ask: async peer =>
        await new Promise<void>(resolve => {
          if (peer === 'silent') answers.push(resolve)
          else resolve()
        }),
      peers: () => []
    },
    given => {
      port = given
      return { channel: { joined: () => {} } } as unknown as FileTransfers
    }
  )
  for (let n = 0; n < 8; n++) port!.send(port!.frame('silent', 10), 'silent')
  const order: string[] = []
  const silent = port!.ready('silent').then(() => order.push('silent'))
  await port!.ready('other').then(() => order.push('other'))
  answers[0]!()
  await silent
  t.strictSame(order, ['other', 'silent'])
})
