// The texts of service files for systemd and launchd.

export interface ServiceProgram {
  readonly node: string
  readonly script: string
  /** File of NWS_…=value. It need not exist. */
  readonly settings: string
}

/** As in `npm start`: see docs/PERFORMANCE.md, "Why it is cheap". */
const HEAP = '--max-semi-space-size=4 --initial-old-space-size=96'

/** Without these the C library of Linux keeps the memory of large messages. See docs/OPERATING.md, "Memory". */
const GIVES_BACK = ['MALLOC_MMAP_THRESHOLD_=131072', 'MALLOC_TRIM_THRESHOLD_=131072']

/** A word of a command line in a unit: systemd.service(5), "Command lines". */
function unitWord(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`
}

/** A systemd unit for one user. It uses no hardening that needs namespaces, since not all systems allow them to users. */
export function systemdUnit({ node, script, settings }: ServiceProgram): string {
  return `[Unit]
Description=Network Web Sockets
Documentation=https://github.com/namedwebsockets/networkwebsockets
After=network.target

[Service]
Type=notify
NotifyAccess=all
ExecStart=${unitWord(node)} ${HEAP} ${unitWord(script)} serve
Environment=${GIVES_BACK.join(' ')}
EnvironmentFile=-${settings.replaceAll('%', '%%')}
Restart=on-failure
RestartPreventExitStatus=2
RestartSec=2
TimeoutStopSec=15
NoNewPrivileges=true
UMask=0077
LockPersonality=true
RestrictSUIDSGID=true
RestrictRealtime=true
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native

[Install]
WantedBy=default.target
`
}

const xml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** A property list of launchd for one user, not tested on macOS. A shell reads the file of settings, since launchd cannot. */
export function launchdPlist(label: string, { node, script, settings }: ServiceProgram): string {
  const command = `set -a; [ -f "$1" ] && . "$1"; exec "$2" ${HEAP} "$3" serve`
  const words = ['/bin/sh', '-c', command, 'nws', settings, node, script]
    .map(word => `    <string>${xml(word)}</string>`)
    .join('\n')
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${xml(label)}</string>
  <key>ProgramArguments</key>
  <array>
${words}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
</dict>
</plist>
`
}
