// `GET /api/doctor`: why computers do not see each other, as `nws doctor` finds it out. It tries multicast and connections,
// and changes nothing.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { examine } from '../../platform/doctor/examine.ts'
import type { Finding } from '../../platform/doctor/finding.ts'
import type { NetworkInterface } from '../../platform/doctor/interfaces.ts'
import { askForProxies, type Answerer } from '../../platform/doctor/multicast.ts'
import type {} from '../../plugins/discovery/index.ts'
import type {} from '../../plugins/peer-mesh/index.ts'
import { healthView } from './health.ts'

const findingSchema = Type.Object({
  check: Type.String({ description: 'What was tried.' }),
  level: Type.Enum(['ok', 'note', 'problem']),
  code: Type.Optional(Type.String({ description: 'The finding, as in docs/CLI.md. Absent if nothing is wrong.' })),
  text: Type.String({ description: 'What was measured.' }),
  remedy: Type.Optional(Type.String({ description: 'What helps.' }))
})

const doctorRoutes: FastifyPluginAsyncTypebox = async app => {
  const { discovery, peerMesh, crypto } = app
  /** The checks that run now: all who ask meanwhile get their result. */
  let running: Promise<Finding[]> | undefined

  /** This proxy by its answer, and the others that discovery found and that may be dialled. */
  async function listen(interfaces: readonly NetworkInterface[]): Promise<ReadonlyMap<string, Answerer>> {
    const { text: own } = crypto.proxyId
    const self = (await askForProxies(interfaces, heard => heard.has(own))).get(own)
    const proxies = new Map<string, Answerer>(self === undefined ? [] : [[own, self]])
    for (const { id, addresses } of discovery.remotes.values())
      proxies.set(id, { id, addresses: new Set(addresses.map(({ address }) => address)), port: addresses[0]!.port })
    return proxies
  }

  async function run(): Promise<Finding[]> {
    const findings: Finding[] = []
    const links = peerMesh.links()
    for await (const finding of examine({ health: healthView(app), links, peers: app.config.peers, listen }))
      findings.push(finding)
    return findings
  }

  app.get(
    '/api/doctor',
    {
      config: { surface: 'control' },
      schema: {
        operationId: 'examine',
        summary: 'Find out why computers do not see each other',
        description: 'The checks of nws doctor. They take some seconds.',
        response: { 200: Type.Object({ findings: Type.Array(findingSchema) }) }
      }
    },
    async () => {
      running ??= run().finally(() => {
        running = undefined
      })
      return { findings: await running }
    }
  )
}

export default doctorRoutes
