// Stories of proxies that find each other over a bad network, each from a seed: connections are cut, one end or both ends
// notice late, both dial, hosts get other addresses, processes end. What must hold is told at the end: within a session no
// message is missing, none comes twice, none out of order; nobody hears a disconnect while the session lives, everybody
// hears one if it does not.
import type { Test } from 'tap'
import { Simulation, mismatches, type SimulatedProxy } from './simulation.ts'

interface StoryOptions {
  readonly proxies: number
  /** Processes that end. */
  readonly kills: number
  /** How long the network may carry nothing between two hosts: less than a session waits. */
  readonly outageMs: number
  /** How late an end may notice that its connection is broken. */
  readonly noticeMs: number
}

const NAMES = ['one', 'two']
const STORY_MS = 20_000

/** The kinds of stories. */
export const STORIES = {
  'two proxies': { proxies: 2, kills: 0, outageMs: 8000, noticeMs: 8000 },
  'two proxies, one of which notices up to 45 s later': { proxies: 2, kills: 0, outageMs: 5000, noticeMs: 45_000 },
  'three proxies, one of which ends': { proxies: 3, kills: 1, outageMs: 8000, noticeMs: 20_000 },
  'five proxies, two of which end': { proxies: 5, kills: 2, outageMs: 8000, noticeMs: 8000 }
} as const satisfies Record<string, StoryOptions>

/** A test that tells so many stories of a kind. */
export function tellStories(t: Test, kind: keyof typeof STORIES, count: number, firstSeed = 1): void {
  t.test(`stories of ${kind}`, async t => {
    for (let seed = firstSeed; seed < firstSeed + count; seed++) {
      const faults = tellStory(seed, STORIES[kind])
      if (faults.length > 0) t.fail(`seed ${seed}: ${faults.slice(0, 3).join('; ')}`)
    }
    t.pass(`${count} stories, ${JSON.stringify(told)} so far`)
  })
}

/** Tells one story. @returns its faults */
function tellStory(seed: number, options: StoryOptions): string[] {
  const simulation = new Simulation(seed, { timings: { lingerMs: 60 } })
  const { clock, random } = simulation
  const proxies = Array.from({ length: options.proxies }, (_, place) =>
    simulation.proxy(String.fromCharCode(97 + place))
  )
  const end = clock.now() + STORY_MS
  /** Pairs between which the network carries nothing, and until when. */
  const outages = new Map<string, number>()
  const pairOf = (one: SimulatedProxy, other: SimulatedProxy): string => [one.label, other.label].toSorted().join('')
  simulation.reaches = (one, other) => (outages.get(pairOf(one, other)) ?? 0) <= clock.now()
  const sent = new Map<string, number>()
  const some = <T>(items: readonly T[]): T => items[simulation.below(items.length)]!
  const alive = (): SimulatedProxy[] => proxies.filter(proxy => proxy.alive)

  for (const one of proxies)
    for (const other of proxies) if (one !== other) clock.after(random() * 500, () => one.discover(other))
  for (const proxy of proxies) for (const name of NAMES) if (random() < 0.8) proxy.join(name)

  const every = (ms: number, run: () => void): void => {
    const again = (): void => {
      clock.after(random() * 2 * ms, () => {
        if (clock.now() > end) return
        run()
        again()
      })
    }
    again()
  }
  every(100, () => {
    const proxy = some(alive())
    const name = some(NAMES)
    const peers = proxy.peers(name)
    if (peers.length === 0) return
    const source = some(peers)
    const count = (sent.get(source) ?? 0) + 1
    sent.set(source, count)
    proxy.broadcast(name, source, String(count))
  })
  const endsOf = (): typeof simulation.wires =>
    simulation.wires.filter(({ ends }) => ends.every(end => !end.closed && !end.broken && end.owner!.alive))
  const notice = (): number => (random() < 0.5 ? random() * 50 : random() * options.noticeMs)
  every(1500, () => {
    const wires = endsOf()
    if (wires.length === 0) return
    const wire = some(wires)
    const [one, other] = wire.ends.map(({ owner }) => owner!) as [SimulatedProxy, SimulatedProxy]
    const chance = random()
    if (chance < 0.3) wire.cut()
    else if (chance < 0.7) wire.break(notice(), notice())
    else {
      const until = clock.now() + random() * options.outageMs
      outages.set(pairOf(one, other), until)
      for (const each of wires)
        if (each.ends.every(({ owner }) => owner === one || owner === other)) each.break(notice(), notice())
    }
  })
  // Dials that nobody planned.
  every(5000, () => {
    const dialler = some(alive())
    const listener = some(alive())
    if (dialler !== listener && simulation.reaches(dialler, listener))
      simulation.connect(dialler, { ...listener.endpoint, dialledId: undefined }, { opened: () => {}, ended: () => {} })
  })
  // A host gets another address: its connections are dead, the others hear of the new one.
  every(8000, () => {
    const proxy = some(alive())
    proxy.endpoint = { host: `${proxy.label}-${clock.now()}`, port: 1 }
    for (const each of endsOf()) if (each.ends.some(({ owner }) => owner === proxy)) each.break(notice(), notice())
    for (const other of proxies)
      if (other !== proxy) clock.after(500 + random() * 3000, () => other.alive && other.discover(proxy))
  })
  for (let i = 0; i < options.kills; i++) {
    clock.after(random() * STORY_MS, () => {
      const proxy = some(alive())
      if (alive().length > 1) simulation.kill(proxy)
    })
  }
  clock.run(end)
  simulation.run(options.noticeMs + 80_000)
  told.messages += proxies.reduce((sum, { seen }) => sum + seen.messages.length, 0)
  told.resumptions += proxies.reduce((sum, { mesh }) => sum + mesh.resumptions, 0)
  told.links += simulation.wires.length
  return faultsOf(proxies, sent)
}

/** What happened in all stories so far. */
const told = { messages: 0, resumptions: 0, links: 0 }

function faultsOf(proxies: readonly SimulatedProxy[], sent: ReadonlyMap<string, number>): string[] {
  const faults: string[] = []
  const living = proxies.filter(({ alive }) => alive)
  for (const [place, one] of living.entries())
    for (const other of living.slice(place + 1)) faults.push(...mismatches(one, other))
  const dead = proxies.filter(({ alive }) => !alive).map(({ label }) => label)
  for (const { label, seen, names } of living.map(proxy => ({ ...proxy, names: proxy.names() }))) {
    for (const name of names)
      for (const id of seen.joined.get(name)?.keys() ?? [])
        if (dead.includes(id.charAt(0))) faults.push(`${label} has not heard that ${id} is gone`)
    for (const event of seen.events)
      if (event.startsWith('-') && !dead.includes(event.split(' ')[1]!.charAt(0)))
        faults.push(`${label} heard ${event}`)
    const last = new Map<string, number>()
    for (const { source, text } of seen.messages) {
      const before = last.get(source)
      if (before !== undefined && Number(text) !== before + 1)
        faults.push(`${label} heard ${source} ${text} after ${before}`)
      last.set(source, Number(text))
    }
    for (const [source, text] of last)
      if (!dead.includes(source.charAt(0)) && text !== sent.get(source))
        faults.push(`${label} heard ${source} up to ${text} of ${sent.get(source)}`)
    for (const { code, by, reason } of seen.endings)
      if (by === 'us' && code !== undefined && code < 4000) faults.push(`${label} ended a link: ${code} ${reason}`)
  }
  return faults
}
