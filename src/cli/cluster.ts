// `nws cluster secret`: prints a secret for the proxies of a cluster.
import { randomBytes } from 'node:crypto'
import { Command } from 'commander'
import { write } from './output.ts'

const SECRET_BYTES = 32

export function clusterCommand(): Command {
  const cluster = new Command('cluster').description('set up a cluster of proxies')
  cluster.addCommand(
    new Command('secret').description('print a new secret of 32 random bytes in base64').action(async () => {
      await write(`${randomBytes(SECRET_BYTES).toString('base64')}\n`)
    })
  )
  return cluster
}
