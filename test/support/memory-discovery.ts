// Discovery without a network: many proxies in one process find each other through an object. Not mDNS: nothing is
// lost, delayed or forged unless a test says so.
//
//   const network = createMemoryNetwork()
//   const discovery = network.discovery()                       // one per proxy; app.discovery.use(discovery)
//   network.withdraw(id)  network.announce({ id, addresses })   // forged or late news, seen by all
//   network.cut(discovery)  network.heal(discovery)             // as if its packets got lost
import {
  checkAdvertisement,
  type Discovery,
  type DiscoveryObserver,
  type DiscoveryStatus,
  type RemoteProxy
} from '../../src/core/discovery.ts'

/** Faults that a test can give to the network. */
export interface MemoryNetwork {
  /** A discovery on this network. @param address where its proxy can be dialled; default 127.0.0.1 */
  discovery: (address?: string) => Discovery
  /** Tells every other proxy of a remote, true or not; one known already is updated. */
  announce: (remote: RemoteProxy) => void
  /** Tells every proxy that a remote is gone, true or not. */
  withdraw: (id: string) => void
  /** Hides a proxy: others lose it, and it loses them. */
  cut: (discovery: Discovery) => void
  heal: (discovery: Discovery) => void
}

interface Node {
  self: RemoteProxy | undefined
  cut: boolean
  readonly remotes: Map<string, RemoteProxy>
  readonly observers: Set<DiscoveryObserver>
}

/** Makes an empty network. */
export function createMemoryNetwork(): MemoryNetwork {
  const nodes = new Map<Discovery, Node>()
  const off: DiscoveryStatus = { state: 'off', interfaces: [] }
  const on: DiscoveryStatus = { state: 'ok', interfaces: ['memory'] }

  /** Observers are called later, as the interface promises, and only if the proxy still runs then. */
  function tell(node: Node, call: (observer: DiscoveryObserver) => void): void {
    setImmediate(() => {
      if (node.self !== undefined) for (const observer of node.observers) call(observer)
    })
  }

  function show(node: Node, remote: RemoteProxy): void {
    if (node.self === undefined || node.self.id === remote.id) return
    const known = node.remotes.has(remote.id)
    node.remotes.set(remote.id, remote)
    tell(node, observer => (known ? observer.updated?.(remote) : observer.found?.(remote)))
  }

  function hide(node: Node, id: string): void {
    if (node.remotes.delete(id)) tell(node, observer => observer.lost?.(id))
  }

  function others(node: Node): Node[] {
    return [...nodes.values()].filter(other => other !== node && other.self !== undefined && !other.cut)
  }

  function join(node: Node): void {
    for (const other of others(node)) {
      show(other, node.self!)
      show(node, other.self!)
    }
  }

  function leave(node: Node): void {
    for (const other of others(node)) if (node.self !== undefined) hide(other, node.self.id)
  }

  return {
    discovery(address = '127.0.0.1') {
      const node: Node = { self: undefined, cut: false, remotes: new Map(), observers: new Set() }
      const discovery: Discovery = {
        get status() {
          return node.self === undefined ? off : on
        },
        remotes: node.remotes,
        subscribe(observer) {
          node.observers.add(observer)
          return () => {
            node.observers.delete(observer)
          }
        },
        async start(advertisement) {
          checkAdvertisement(advertisement)
          node.self = { id: advertisement.id, addresses: [{ address, port: advertisement.port }] }
          tell(node, observer => observer.status?.(discovery.status))
          if (!node.cut) join(node)
        },
        async stop() {
          leave(node)
          node.self = undefined
          node.remotes.clear()
        },
        setLinked() {}
      }
      nodes.set(discovery, node)
      return discovery
    },
    announce(remote) {
      for (const node of nodes.values()) if (!node.cut) show(node, remote)
    },
    withdraw(id) {
      for (const node of nodes.values()) if (!node.cut) hide(node, id)
    },
    cut(discovery) {
      const node = nodes.get(discovery)!
      leave(node)
      node.cut = true
      for (const id of node.remotes.keys()) hide(node, id)
    },
    heal(discovery) {
      const node = nodes.get(discovery)!
      node.cut = false
      if (node.self !== undefined) join(node)
    }
  }
}
