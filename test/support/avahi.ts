// Runs avahi-daemon in a host of the test network, with a message bus of its own, so that the machine's own avahi is
// neither needed nor touched. Only for tests.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Host, Owner, Program } from './namespaces.ts'
import { needs } from './needs.ts'

/** Options of a test that runs it. */
export const needsAvahi = needs('namespaces', 'avahi-daemon', 'avahi-browse', 'avahi-publish', 'dbus-daemon')

/** Avahi on one host. */
export interface Avahi {
  /** What avahi-browse prints for a type, resolved (`-rpt`), one line a service and address. */
  browse: (type: string) => Promise<string[]>
  /** Runs avahi-browse until killed: lines begin with + (new), = (resolved), - (gone). */
  watch: (type: string) => Program
  /** Publishes a service until the program is killed. */
  publish: (name: string, type: string, port: number, text: string) => Program
}

/** Starts avahi-daemon on the host and resolves when it serves. */
export async function startAvahi(owner: Owner, host: Host): Promise<Avahi> {
  const directory = mkdtempSync(join(tmpdir(), 'nws-avahi-'))
  owner.teardown(() => {
    rmSync(directory, { recursive: true, force: true })
  })
  const socket = join(directory, 'bus')
  writeFileSync(
    join(directory, 'bus.conf'),
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=${socket}</listen><auth>EXTERNAL</auth><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`
  )
  writeFileSync(
    join(directory, 'avahi.conf'),
    // Two daemons that start with one name would rename themselves in step for ever.
    `[server]\nhost-name=${host.namespace}\nallow-interfaces=eth0\nuse-ipv6=no\n[publish]\npublish-workstation=no\n`
  )
  const env = { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${socket}` }
  const bus = host.spawn('dbus-daemon', [`--config-file=${join(directory, 'bus.conf')}`, '--nofork', '--print-address'])
  await bus.printed(/unix:path/)
  // A mount namespace of its own: avahi-daemon keeps its pid file and socket at one fixed place.
  const daemon = host.spawn(
    'unshare',
    [
      '--mount',
      'sh',
      '-c',
      `mkdir -p /run/avahi-daemon && mount -t tmpfs tmpfs /run/avahi-daemon && exec avahi-daemon --no-drop-root --no-chroot --no-rlimits -f ${join(directory, 'avahi.conf')}`
    ],
    { env }
  )
  await daemon.printed(/Server startup complete/)
  return {
    async browse(type) {
      const program = host.spawn('avahi-browse', ['-rpt', type], { env })
      await program.ended
      return program
        .output()
        .split('\n')
        .filter(line => line.startsWith('='))
    },
    watch: type => host.spawn('avahi-browse', ['-rp', type], { env }),
    publish: (name, type, port, text) => host.spawn('avahi-publish', ['-s', name, type, String(port), text], { env })
  }
}
