// The package for other programs: the proxy as a Fastify plugin, with the types of its decorators.
export { networkWebSockets, networkWebSockets as default } from './app.ts'
export type { NetworkWebSocketsOptions } from './app.ts'
export { serverOptions } from './plugins/guarded-scope/server-options.ts'
export { NwsError } from './core/errors.ts'
export type { ErrorCode } from './core/errors.ts'
export type {
  Advertisement,
  Discovery,
  DiscoveryObserver,
  DiscoveryState,
  DiscoveryStatus,
  RemoteAddress,
  RemoteProxy
} from './core/discovery.ts'
export type { Settings, SettingsOptions } from './core/settings.ts'
export type { AccessGuard, Surface } from './plugins/access-guard.ts'
export type {
  ChannelRegistry,
  Membership,
  MembershipOptions,
  ReceivedMessage
} from './plugins/channel-registry/index.ts'
// The compiler would drop an `import type {}` from the declarations, and the decorators with it.
export type {} from './plugins/config.ts'
export type {} from './plugins/discovery/index.ts'
export type { Crypto } from './plugins/crypto/index.ts'
export type { LinkView, PeerMesh } from './plugins/peer-mesh/index.ts'
export type { Rendezvous } from './plugins/bonevalue/rendezvous/index.ts'
export type { MayTalk } from './core/bonevalue/directory.ts'
export type { Credentials, RendezvousSeams } from './core/bonevalue/seams.ts'
export type * from './core/bonevalue/store.ts'
