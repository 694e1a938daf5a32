// What the doctor can find, and what to do about it: one table. Not how it is found.

/** How bad it is: all right, worth knowing, in the way. */
export type Level = 'ok' | 'note' | 'problem'

/** Something found. */
export interface Finding {
  readonly check: string
  readonly level: Level
  /** Which of `remedies`; absent where all is right. */
  readonly code?: RemedyCode
  /** What was seen. */
  readonly text: string
  readonly remedy?: string
}

/** Code → what to do. docs/CLI.md lists them. */
export const remedies = {
  'not-running': 'Start the proxy: nws serve. Without it only the network of this machine is looked at.',
  'api-refused': 'Set NWS_API_TOKEN to the token of the proxy, so that it tells what it sees.',
  'no-interface':
    'Connect this machine to a network: plug in the cable, join the Wi-Fi, or bring the interface up and give it an address.',
  'ipv6-only':
    'Proxies that have IPv4 only are not found from here: give this machine an IPv4 address too, or the others IPv6.',
  'no-loopback':
    'Bring the loopback interface up (ip link set lo up): the proxy listens on it, and discovery needs it.',
  'discovery-off': 'Start the proxy without NWS_DISCOVERY=off, or name the others in NWS_PEERS.',
  'port-5353-taken':
    'Another program holds UDP port 5353 for itself alone: find it with `ss -lunp sport = :5353` and end it or have it share the port. Or name the others in NWS_PEERS.',
  'port-5353-refused':
    'This user may not use UDP port 5353: look for a container or a policy that forbids it. Or name the others in NWS_PEERS.',
  'send-refused':
    'A firewall of this machine refuses to let multicast out: allow outgoing UDP to 224.0.0.251 and ff02::fb, port 5353.',
  'firewall-5353':
    'A firewall of this machine drops UDP port 5353: allow it in (ufw allow mdns; firewall-cmd --add-service=mdns; iptables -I INPUT -p udp --dport 5353 -j ACCEPT).',
  'no-multicast':
    'Multicast does not come back on this interface: switch it on (ip link set <interface> multicast on), or allow it in the firewall. VPNs and containers often have none: name the others in NWS_PEERS.',
  'advertisement-unseen':
    'The proxy advertises itself and cannot see that: something drops its answers. Look for filters of mDNS on this machine, and start the proxy again.',
  'mesh-port-unreachable':
    'Other proxies cannot link to this one: allow its TCP port in the firewall. NWS_MESH_PORT fixes the port, so that a rule can name it; NWS_MESH_HOST may bind it to another address.',
  'peer-unknown': 'The name of the static peer cannot be resolved: check NWS_PEERS, or give an address.',
  'peer-unreachable':
    'The static peer does not answer: check that it runs, its address, its NWS_MESH_PORT (not NWS_PORT), and the firewalls of both machines.',
  'peer-no-proxy':
    'Something else answers there: NWS_PEERS wants the NWS_MESH_PORT of the other proxy, not its NWS_PORT.',
  'other-unreachable':
    'The other proxy is seen but its port cannot be reached: allow the port in the firewall of that machine; guest networks may keep devices apart.',
  'no-others':
    'This machine is ready, and no other proxy is heard. Run nws doctor on the other machine too. Guest Wi-Fi and different subnets keep multicast apart: name the other in NWS_PEERS.'
} as const

/** A code of the table. */
export type RemedyCode = keyof typeof remedies

/** All is right. */
export function fine(check: string, text: string): Finding {
  return { check, level: 'ok', text }
}

/** Something is not. */
export function found(check: string, code: RemedyCode, text: string, level: Level = 'problem'): Finding {
  return { check, level, code, text, remedy: remedies[code] }
}
