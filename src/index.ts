// What other programs import: the proxy as a Fastify plugin. Not the stand-alone process (server.ts).
export { networkWebSockets, networkWebSockets as default } from './app.ts'
export type { NetworkWebSocketsOptions } from './app.ts'
export { serverOptions } from './plugins/guarded-scope/server-options.ts'
export { NwsError } from './core/errors.ts'
export type { ErrorCode } from './core/errors.ts'
export type { Settings } from './core/settings.ts'
export type { AccessGuard, Surface } from './plugins/access-guard.ts'
export type { ChannelRegistryApi, Membership, MembershipOptions, ReceivedMessage } from './plugins/channel-registry/index.ts'
