// All routes of `/api`, and their description.
import type { FastifyInstance } from 'fastify'
import type {} from '@fastify/swagger'
import asyncApiRoutes from './asyncapi.ts'
import { describe } from './describe.ts'
import channelRoutes from './channels.ts'
import eventRoutes from './events.ts'
import faultRoutes from './faults.ts'
import doctorRoutes from './doctor.ts'
import healthRoutes from './health.ts'
import invitationRoutes from './invitations.ts'
import linkRoutes from './links.ts'
import messageRoutes from './messages.ts'
import metricsRoutes from './metrics.ts'
import nameRoutes from './name.ts'
import readyRoutes from './ready.ts'
import userRoutes from './users.ts'

export default async function apiRoutes(app: FastifyInstance): Promise<void> {
  app.addHook('onRoute', describe)
  await app.register(healthRoutes)
  await app.register(readyRoutes)
  await app.register(doctorRoutes)
  await app.register(metricsRoutes)
  await app.register(channelRoutes)
  await app.register(messageRoutes)
  await app.register(eventRoutes)
  await app.register(faultRoutes)
  await app.register(linkRoutes)
  await app.register(nameRoutes)
  await app.register(invitationRoutes)
  await app.register(asyncApiRoutes)
  await app.register(userRoutes)
  app.get('/api/openapi.json', { config: { surface: 'control' }, schema: { hide: true } }, async () => app.swagger())
}
