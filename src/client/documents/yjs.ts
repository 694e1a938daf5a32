// `networkwebsockets/yjs`: a provider of Yjs for bundlers and Node.js.
export { NetworkProvider } from './network-provider.ts'
export type { NetworkProviderEvents, NetworkProviderOptions } from './network-provider.ts'
export type { DocumentTimings } from './document-sync.ts'
