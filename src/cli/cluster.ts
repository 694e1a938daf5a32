// `nws cluster secret`: a secret for proxies that form a cluster. Stores nothing.
import { randomBytes } from 'node:crypto'
import { Command } from 'commander'
import { write } from './output.ts'

/** Bytes of a secret: 256 bits. */
const SECRET_BYTES = 32

/** The commands. */
export function clusterCommand(): Command {
  const cluster = new Command('cluster').description('set up a cluster of proxies')
  cluster.addCommand(
    new Command('secret').description('print a new secret of 32 random bytes in base64').action(async () => {
      await write(`${randomBytes(SECRET_BYTES).toString('base64')}\n`)
    })
  )
  return cluster
}
