// What tests need beyond Node: a test that asks for what this machine does not have is skipped, and says what to install.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { namespacesUnavailable } from './namespaces.ts'

/** Programs, and the package of Debian that brings each. */
const PACKAGES = {
  'avahi-browse': 'avahi-utils',
  'avahi-daemon': 'avahi-daemon',
  'avahi-publish': 'avahi-utils',
  bash: 'bash',
  caddy: 'caddy',
  chromium: 'chromium',
  'chromium-headless-shell': 'chromium-headless-shell',
  'dbus-daemon': 'dbus',
  fish: 'fish',
  ip: 'iproute2',
  ip6tables: 'iptables',
  iptables: 'iptables',
  'nats-server': 'nats-server',
  nsenter: 'util-linux',
  openssl: 'openssl',
  prlimit: 'util-linux',
  python3: 'python3',
  script: 'bsdutils',
  'systemd-analyze': 'systemd',
  'systemd-notify': 'systemd',
  tc: 'iproute2',
  tcpdump: 'tcpdump',
  turnserver: 'coturn',
  turnutils_uclient: 'coturn',
  unshare: 'util-linux',
  zsh: 'zsh'
} as const

type Program = keyof typeof PACKAGES

/** The path of a program; undefined if this machine does not have it. */
export function findProgram(name: Program): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders
    .map(folder => join(folder, name))
    .find(path => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/** The packages of the programs that this machine does not have. */
export function missingPackages(): string[] {
  const missing = Object.entries(PACKAGES).filter(([name]) => findProgram(name as Program) === undefined)
  return [...new Set(missing.map(([, name]) => name))]
}

/** Options of a test that needs these programs, or the right to make network namespaces. */
export function needs(...all: (Program | 'namespaces')[]): { skip: false | string } {
  for (const name of all) {
    if (name === 'namespaces') {
      const reason = namespacesUnavailable()
      if (reason !== undefined) return { skip: `network namespaces cannot be made: ${reason}` }
    } else if (findProgram(name) === undefined) {
      return { skip: `${name} is missing: apt-get install -y ${PACKAGES[name]}` }
    }
  }
  return { skip: false }
}
