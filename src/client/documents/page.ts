// The module of shared documents for pages without a bundler, /lib/networkwebsockets-yjs.js: the provider, and Yjs itself. It is
// one copy of Yjs for all scripts of a page.
export { NetworkProvider } from './network-provider.ts'
export type { NetworkProviderEvents, NetworkProviderOptions } from './network-provider.ts'
export { Awareness } from 'y-protocols/awareness'
export {
  Array,
  Doc,
  Map,
  Text,
  UndoManager,
  XmlElement,
  XmlFragment,
  XmlText,
  applyUpdate,
  compareRelativePositions,
  createAbsolutePositionFromRelativePosition,
  createRelativePositionFromJSON,
  createRelativePositionFromTypeIndex,
  encodeStateAsUpdate,
  encodeStateVector,
  mergeUpdates
} from 'yjs'
