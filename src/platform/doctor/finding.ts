// The findings of the doctor and their remedies.

export type Level = 'ok' | 'note' | 'problem'

export interface Finding {
  readonly check: string
  readonly level: Level
  /** Absent if nothing is wrong. */
  readonly code?: RemedyCode
  readonly text: string
  readonly remedy?: string
}

/** Code → remedy. docs/CLI.md lists them. */
export const remedies = {
  'not-running': 'Start the proxy: nws serve. Without it the doctor checks the network of this machine only.',
  'api-refused': 'Set NWS_API_TOKEN to the token of the proxy, so that the proxy tells more.',
  'no-interface':
    'Connect this machine to a network: plug in the cable, join the Wi-Fi, or bring the interface up and give it an address.',
  'ipv6-only': 'This machine cannot find proxies with IPv4 alone: give it an IPv4 address too, or IPv6 to the others.',
  'no-loopback':
    'Bring the loopback interface up (ip link set lo up): the proxy listens on it, and discovery needs it.',
  vpn: 'If the other computer is not in this VPN, leave the VPN, or name the other proxies in NWS_PEERS. Some VPNs block the local network.',
  'interfaces-left-out':
    'Proxies on these networks are not found: name them in NWS_PEERS, or remove interfaces that nothing needs.',
  'cluster-unreachable':
    'The proxy has no NATS server: read the text above, and check the settings NWS_CLUSTER_… of the proxy.',
  'cluster-alone':
    'No other proxy of the cluster is alive: start one with the same NWS_CLUSTER_SECRET, and check that the NATS servers have connections to each other.',
  'discovery-off': 'Start the proxy without NWS_DISCOVERY=off, or name the other proxies in NWS_PEERS.',
  'port-5353-taken':
    'Another program does not share UDP port 5353: find it with `ss -lunp sport = :5353`, and end it or let it share the port. Or name the other proxies in NWS_PEERS.',
  'port-5353-refused':
    'This user may not use UDP port 5353: look for a container or a policy that forbids it. Or name the other proxies in NWS_PEERS.',
  'send-refused':
    'A firewall of this machine blocks outgoing multicast: allow UDP to 224.0.0.251 and ff02::fb, port 5353.',
  'firewall-5353':
    'A firewall of this machine drops UDP port 5353: allow it (ufw allow mdns; firewall-cmd --add-service=mdns; iptables -I INPUT -p udp --dport 5353 -j ACCEPT).',
  'no-multicast':
    'Multicast does not work on this interface: switch it on (ip link set <interface> multicast on), or allow it in the firewall. VPNs and containers often have no multicast: name the other proxies in NWS_PEERS.',
  'advertisement-unseen':
    'The advertisement of the proxy does not come back: look for filters of mDNS on this machine, and start the proxy again.',
  'mesh-port-unreachable':
    'Other proxies cannot link to this one: allow its TCP port in the firewall. NWS_MESH_PORT sets a fixed port for such a rule; NWS_MESH_HOST may bind it to another address.',
  'peer-unknown': 'The name of the static peer cannot be resolved: check NWS_PEERS, or give an address.',
  'peer-unreachable':
    'The static peer does not answer: check that it runs, its address, its NWS_MESH_PORT (not NWS_PORT), and the firewalls of both machines.',
  'peer-no-proxy':
    'Another program answers at this address: NWS_PEERS needs the NWS_MESH_PORT of the other proxy, not its NWS_PORT.',
  'other-unreachable':
    'The other proxy is heard, but its port cannot be reached: allow the port in the firewall of that machine. Guest networks may isolate devices.',
  'no-others':
    'This machine is ready, but hears no other proxy. Run nws doctor on the other machine too. Guest Wi-Fi and different subnets separate multicast: name the other proxy in NWS_PEERS.'
} as const

export type RemedyCode = keyof typeof remedies

export function fine(check: string, text: string): Finding {
  return { check, level: 'ok', text }
}

export function found(check: string, code: RemedyCode, text: string, level: Level = 'problem'): Finding {
  return { check, level, code, text, remedy: remedies[code] }
}
