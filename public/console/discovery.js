// What a person should know of discovery: a few words for each state, and where it does not work, why and what helps.
// Only words; the proxy finds out the state (its src/core/discovery.ts has the list).

/**
 * @typedef {object} Advice
 * @property {'good' | 'warning' | ''} mood
 * @property {string} words
 * @property {string} [hint] why it does not work
 * @property {string[]} [remedies]
 */

/**
 * @param {string} state
 * @param {readonly string[]} interfaces
 * @returns {Advice}
 */
export function adviceFor(state, interfaces) {
  switch (state) {
    case 'ok':
      return { mood: 'good', words: `Finds other proxies on ${interfaces.join(', ') || 'this network'}` }
    case 'starting':
      return { mood: '', words: 'Looking for other proxies …' }
    case 'off':
      return { mood: '', words: 'Does not look for other proxies (NWS_DISCOVERY=off)' }
    case 'no multicast':
      return {
        mood: 'warning',
        words: 'Cannot look for other proxies',
        hint: 'This computer can neither send nor hear multicast, by which proxies find each other. It may have no network at the moment, another program may hold UDP port 5353 for itself, or a VPN, a container or a guest Wi-Fi may keep multicast out.',
        remedies: ['Connect to a network, or leave the VPN, and wait some seconds.']
      }
    case 'own advertisement not seen':
      return {
        mood: 'warning',
        words: 'Other proxies may not find this one',
        hint: 'This computer sends multicast, but nothing comes back: a firewall may block UDP port 5353, or the Wi-Fi may keep its devices apart.',
        remedies: ['Allow UDP port 5353 in the firewall of this computer.', 'In a guest Wi-Fi, use the main one.']
      }
    default:
      return { mood: '', words: state }
  }
}

/** The command that links two proxies without discovery. @param {number} port of this proxy's mesh listener */
export const linkCommand = port => `NWS_PEERS=<address of this computer>:${port} npm start`
