// Words for the state of discovery, and the reason and remedies if it does not work. The proxy finds the state
// (src/core/discovery.ts).

export interface Advice {
  mood: 'good' | 'warning' | ''
  words: string
  /** Why it does not work. */
  hint?: string
  remedies?: string[]
}

export function adviceFor(state: string, interfaces: readonly string[]): Advice {
  switch (state) {
    case 'ok':
      return { mood: 'good', words: `Finds other proxies on ${interfaces.join(', ') || 'this network'}` }
    case 'this machine only':
      return {
        mood: 'warning',
        words: 'Finds proxies on this computer only',
        hint: 'This computer is connected to no network.',
        remedies: ['Connect to a network, and wait a few seconds.']
      }
    case 'starting':
      return { mood: '', words: 'Looking for other proxies …' }
    case 'off':
      return { mood: '', words: 'Does not look for other proxies (NWS_DISCOVERY=off)' }
    case 'no multicast':
      return {
        mood: 'warning',
        words: 'Cannot look for other proxies',
        hint: 'Proxies find each other by multicast, and this computer can neither send nor receive it. It may have no network, another program may hold UDP port 5353, or a VPN, a container or a guest Wi-Fi may block multicast.',
        remedies: ['Connect to a network, or leave the VPN, and wait a few seconds.']
      }
    case 'own advertisement not seen':
      return {
        mood: 'warning',
        words: 'Other proxies may not find this one',
        hint: 'This computer sends multicast, but nothing comes back. A firewall may block UDP port 5353, or the Wi-Fi may separate its devices.',
        remedies: [
          'Allow UDP port 5353 in the firewall of this computer.',
          'Use the main Wi-Fi instead of the guest Wi-Fi.'
        ]
      }
    default:
      return { mood: '', words: state }
  }
}

/** The command that links two proxies without discovery. @param port of this proxy's mesh listener */
export const linkCommand = (port: number) => `NWS_PEERS=<address of this computer>:${port} npm start`
