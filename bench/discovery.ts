// How soon proxies find each other, with real packets between hosts of a network made here. Discovery alone, without
// links. Needs root on Linux. Usage: npm run bench:discovery [name of a measurement …]
import { discover, finds, hasState, mishaps, type Discovering } from '../test/support/discovery-hosts.ts'
import {
  createNetwork,
  namespacesUnavailable,
  type HostOptions,
  type Network,
  type ProgramEvent
} from '../test/support/namespaces.ts'

const median = (values: number[]) => values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN
const print = (line: string) => {
  process.stdout.write(`${line}\n`)
}
const ms = (event: ProgramEvent) => event.ms as number
const at = (event: ProgramEvent) => event.at as number
const show = (values: number[]) =>
  `median ${Math.round(median(values))} ms of ${values.length} (${values.map(value => Math.round(value)).join(', ')})`

/** Runs something in a network of its own and removes it. */
async function within<T>(hosts: number | readonly HostOptions[], action: (network: Network) => Promise<T>): Promise<T> {
  const network = await createNetwork({ teardown: () => {} }, hosts)
  try {
    return await action(network)
  } finally {
    await network.close()
  }
}

async function times(count: number, measure: () => Promise<number>): Promise<number[]> {
  const values: number[] = []
  for (let run = 0; run < count; run++) values.push(await measure())
  return values
}

const startTwo = async ({ hosts: [a, b] }: Network): Promise<[Discovering, Discovering]> =>
  await Promise.all([discover(a!), discover(b!)])

const measurements: Record<string, () => Promise<string>> = {
  'two that start together, until both have found the other': async () =>
    show(
      await times(
        7,
        async () =>
          await within(2, async network => {
            const [one, other] = await startTwo(network)
            return Math.max(...(await Promise.all([finds(one, other), finds(other, one)])).map(ms))
          })
      )
    ),

  'the same, until the first has': async () =>
    show(
      await times(
        7,
        async () =>
          await within(2, async network => {
            const [one, other] = await startTwo(network)
            return Math.min(...(await Promise.all([finds(one, other), finds(other, one)])).map(ms))
          })
      )
    ),

  'newcomer, until it has found the other': async () =>
    show(
      await times(
        7,
        async () =>
          await within(2, async ({ hosts: [a, b] }) => {
            const one = await discover(a!)
            await hasState(one, 'ok')
            return ms(await finds(await discover(b!), one))
          })
      )
    ),

  'newcomer, until the other has found it': async () =>
    show(
      await times(
        7,
        async () =>
          await within(2, async ({ hosts: [a, b] }) => {
            const one = await discover(a!)
            await hasState(one, 'ok')
            const begun = Date.now()
            return at(await finds(one, await discover(b!))) - begun
          })
      )
    ),

  'newcomer to 20, until it has found all': async () =>
    show(
      await times(
        3,
        async () =>
          await within(21, async ({ hosts }) => {
            const all = await Promise.all(hosts.slice(0, 20).map(async host => await discover(host)))
            await Promise.all(all.map(async one => await hasState(one, 'ok')))
            const late = await discover(hosts[20]!)
            return Math.max(...(await Promise.all(all.map(async one => await finds(late, one)))).map(ms))
          })
      )
    ),

  'three with 30 % loss, until all 6 ways are found': async () =>
    show(
      await times(
        5,
        async () =>
          await within(3, async ({ hosts }) => {
            for (const host of hosts) host.loss(30)
            const all = await Promise.all(hosts.map(async host => await discover(host)))
            return Math.max(
              ...(
                await Promise.all(
                  all.flatMap(one =>
                    all.filter(other => other !== one).map(async other => await finds(one, other, undefined, 120_000))
                  )
                )
              ).map(ms)
            )
          })
      )
    ),

  'interface up after the start, until both have found the other': async () =>
    show(
      await times(
        5,
        async () =>
          await within([{}, { up: false }], async network => {
            const [one, late] = await startTwo(network)
            await hasState(late, 'ok')
            const host = network.hosts[1]!
            host.up()
            host.setAddress('10.77.0.2/24')
            const up = Date.now()
            return Math.max(...(await Promise.all([finds(one, late, '10.77.0.2'), finds(late, one)])).map(at)) - up
          })
      )
    ),

  'second interface after the start, until both have found the other': async () =>
    show(
      await times(
        5,
        async () =>
          await within([{}, { segments: [1] }], async network => {
            const [one, second] = await startTwo(network)
            await hasState(one, 'ok')
            network.hosts[0]!.connect(1)
            const up = Date.now()
            return Math.max(...(await Promise.all([finds(one, second), finds(second, one)])).map(at)) - up
          })
      )
    ),

  'port 5353 held for 8 s, from its release': async () =>
    show(
      await times(
        3,
        async () =>
          await within(2, async ({ hosts: [a, b] }) => {
            const holder = b!.program('test/support/programs/hold-port.ts')
            await holder.event('holding')
            const [one, held] = await Promise.all([discover(a!), discover(b!)])
            await new Promise(resolve => {
              setTimeout(resolve, 8000)
            })
            holder.send('go')
            await holder.ended
            const free = Date.now()
            return Math.max(...(await Promise.all([finds(one, held), finds(held, one)])).map(at)) - free
          })
      )
    ),

  '10 000 hostile packets': async () =>
    await within(3, async ({ hosts: [a, b, c] }) => {
      const victim = await discover(a!)
      await hasState(victim, 'ok')
      const attacker = b!.program('test/support/programs/mdns.ts', ['quiet'])
      await attacker.event('ready')
      const figures: string[] = []
      for (const kind of ['instances', 'pointers', 'random', 'queries', 'instances']) {
        const before = attacker.events.length
        attacker.send({ flood: 10_000, kind })
        await attacker.event('flooded', event => attacker.events.indexOf(event) >= before, 60_000)
        const reports = victim.events.length
        victim.send({ report: true })
        const { remotes, rss, cpu } = await victim.event('report', event => victim.events.indexOf(event) >= reports)
        const { user, system } = cpu as { user: number; system: number }
        figures.push(
          `after ${kind}: ${String(remotes)} ids, ${((rss as number) / 2 ** 20).toFixed(0)} MiB, ${((user + system) / 1e6).toFixed(1)} s CPU so far`
        )
      }
      const late = await discover(c!)
      const found = Math.max(...(await Promise.all([finds(late, victim), finds(victim, late)])).map(event => at(event)))
      return `${figures.join('; ')}; then a newcomer was found in ${found - at(late.events.find(({ event }) => event === 'started')!)} ms; ${mishaps(victim).length} mishaps`
    }),

  'idle traffic': async () => {
    const rates = await Promise.all(
      [2, 20].map(
        async count =>
          await within(count + 1, async ({ hosts }) => {
            const all = await Promise.all(hosts.slice(0, count).map(async host => await discover(host)))
            await Promise.all(all.map(async one => await hasState(one, 'ok')))
            await new Promise(resolve => {
              setTimeout(resolve, 60_000)
            })
            const capture = hosts[count]!.spawn('tcpdump', ['-n', '-l', '-i', 'eth0', 'udp', 'port', '5353'])
            await capture.printed(/listening on/)
            await new Promise(resolve => {
              setTimeout(resolve, 120_000)
            })
            const packets = capture
              .output()
              .split('\n')
              .filter(line => /\bIP6? /.test(line)).length
            return `${count} proxies: ${packets} packets in 120 s, ${(packets / 120 / count).toFixed(3)}/s each`
          })
      )
    )
    return rates.join('; ')
  }
}

const unavailable = namespacesUnavailable()
if (unavailable !== undefined) {
  process.stderr.write(`network namespaces cannot be made: ${unavailable}\n`)
  process.exit(1)
}
const wanted = process.argv.slice(3)
for (const [name, measure] of Object.entries(measurements)) {
  if (wanted.length === 0 || wanted.some(word => name.includes(word))) print(`${name}: ${await measure()}`)
}
