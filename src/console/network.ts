// The view of the proxy and its network: asks the API, computes rates, fills facts, picture and lists. It also gives the
// peers in the API to the channel in sight. Joined channels are channels.ts.
import type { ApiChannel, ApiClusterProxy, ApiLink, Health } from './answers.ts'
import { ApiError, currentToken, get } from './api.ts'
import type { Channels } from './channels.ts'
import { wireChecklist } from './checklist.ts'
import { clusterAdvice } from './cluster.ts'
import { adviceFor, linkCommand } from './discovery.ts'
import { byId, copyFrom, draw, find, keep, make, roving, setText } from './dom.ts'
import { bytes, count, duration, perSecond, plural, rate } from './format.ts'
import { LinkCard } from './link-card.ts'
import { neighbours, type Neighbour } from './neighbours.ts'
import { Picture } from './picture.ts'
import { wireOwnName } from './own-name.ts'
import { poll } from './poll.ts'
import { curve, Rates, REMEMBERED } from './rates.ts'
import type { Peer, Scope } from './session.ts'

const INTERVAL_MS = 1000
/** From this number of channels and proxies on there is a search. */
const SEARCHED = 8
/** Most channels in the list. */
const LISTED = 12

const keyOf = ({ scope, name, tag }: ApiChannel) => `${scope} ${name ?? tag}`

/** Shows the network and keeps it up to date. */
export class Network {
  #channels
  #askForToken
  #reached
  #rates = new Rates()
  #minute: number[] = []
  #picture
  #hinted = ''
  /** Text of the search, in small letters. Empty: none. */
  #wanted = ''
  /** Key of the circle under the pointer. */
  #pointed = ''
  #card = new LinkCard(name => this.onJoin(name, 'network'))
  #proxies: readonly Neighbour[] = []
  /** Names of the open channels of the network. */
  #open: ReadonlySet<string> = new Set()
  /** Words about each circle, by key. */
  #words = new Map<string, string>()
  #showOwnName
  #showChecklist = wireChecklist()
  /** Asks the API soon. */
  refresh

  constructor(
    channels: Channels,
    { askForToken, reached }: { askForToken: (wrong: boolean) => void; reached: (addresses: readonly string[]) => void }
  ) {
    this.#channels = channels
    this.#reached = reached
    this.#askForToken = askForToken
    this.#picture = new Picture(byId('picture'), {
      pointed: key => this.#tell(key),
      chosen: key => this.#choose(key)
    })
    for (const id of ['links', 'open-channels']) {
      const list = byId(id)
      roving(list, 'button')
      const point = ({ target }: Event) => {
        const item = target instanceof Element ? target.closest('li') : null
        this.#picture.point(item?.dataset['key'] ?? '')
      }
      list.addEventListener('pointerover', point)
      list.addEventListener('focusin', point)
      for (const end of ['pointerleave', 'focusout']) list.addEventListener(end, () => this.#picture.point(''))
    }
    this.#showOwnName = wireOwnName(() => this.refresh())
    const search = byId('search') as HTMLInputElement
    search.addEventListener('input', () => {
      this.#wanted = search.value.trim().toLowerCase()
      if (this.#wanted !== '') (byId('picture-list') as HTMLDetailsElement).open = true
      this.#find()
      this.refresh()
    })
    this.refresh = poll(() => this.#ask(), INTERVAL_MS)
  }

  async #ask() {
    try {
      const health = await get<Health>('health')
      this.#running(true, health)
      if (health.discovery === undefined) {
        this.#limited(true)
        this.#askForToken(currentToken() !== '')
        return
      }
      const [{ channels }, { links, cluster = [] }] = await Promise.all([
        get<{ channels: ApiChannel[] }>('channels'),
        get<{ links: ApiLink[]; cluster?: ApiClusterProxy[] }>('links'),
        this.#askForPeers()
      ])
      this.#limited(false)
      this.#channels.watch(links)
      this.#reached(health.lan ?? [])
      this.#show(health, channels, neighbours(links, cluster, health.cluster?.state === 'connected'))
    } catch (error) {
      if (error instanceof ApiError && error.code === '') this.#running(false)
    }
  }

  /** Gives the peers of the channel in sight, with place and proxy. */
  async #askForPeers() {
    const session = this.#channels.current?.session
    if (session === undefined || session.state !== 'joined') return
    try {
      const { peers, fault } = await get<{ peers: { list: Peer[] }; fault?: object }>(
        `channels/${encodeURIComponent(session.name)}?scope=${session.scope}`
      )
      session.describe(peers.list, fault !== undefined)
    } catch (error) {
      // All peers may have left it.
      if (!(error instanceof ApiError)) throw error
    }
  }

  #running(running: boolean, health?: Health) {
    const words = running ? `The proxy is running · ${health?.version}` : 'The proxy does not answer. Trying again …'
    setText(byId('proxy-words'), words)
    find(byId('proxy-state'), '.dot').className = `dot ${running ? 'good' : 'bad'}`
    byId('network').classList.toggle('stale', !running)
  }

  #limited(limited: boolean) {
    byId('token-again').hidden = !limited
    for (const id of ['own', 'discovery-state', 'facts', 'picture', 'picture-list', 'picture-words'])
      byId(id).hidden = limited
    if (limited)
      for (const id of ['discovery-hint', 'cluster-state', 'cluster-hint', 'link-card', 'search-row'])
        byId(id).hidden = true
  }

  #show(health: Health, channels: ApiChannel[], proxies: Neighbour[]) {
    const now = performance.now()
    this.#rates.begin()
    let sum = 0
    for (const channel of channels) sum += this.#rates.read(keyOf(channel), channel.messages, now)
    for (const { key, messages } of proxies) {
      this.#rates.read(key, messages.in + messages.out, now)
      this.#rates.read(`in ${key}`, messages.in, now)
      this.#rates.read(`out ${key}`, messages.out, now)
    }
    this.#proxies = proxies
    this.#open = new Set(channels.flatMap(({ name, scope }) => (scope === 'network' && name ? [name] : [])))
    this.#card.update(proxies, this.#open)
    this.#minute = [...this.#minute, sum].slice(-REMEMBERED)
    this.#showOwnName(health)
    this.#showChecklist(proxies.length === 0 && health.discovery?.state === 'ok')
    this.#showDiscovery(health)
    this.#showCluster(health)
    this.#showFacts(health, proxies.length, sum)
    this.#showPicture(channels, proxies)
    this.#showLists(channels, proxies)
  }

  #showDiscovery({ discovery: { state, interfaces } = { state: '', interfaces: [] }, mesh: { port } }: Health): void {
    const { mood, words, hint = '', remedies = [] } = adviceFor(state, interfaces)
    showState('discovery-state', mood, words)
    const notice = byId('discovery-hint')
    notice.hidden = hint === ''
    const whole = `${hint} ${port}`
    if (hint === '' || this.#hinted === whole) return
    this.#hinted = whole
    const command = linkCommand(port)
    const copy = make('button', { type: 'button', className: 'plain' }, 'Copy')
    copy.addEventListener('click', () => void copyFrom(copy, command))
    notice.replaceChildren(
      make('p', {}, make('strong', {}, words), '. ', hint),
      make(
        'ul',
        { className: 'remedies' },
        ...remedies.map(remedy => make('li', {}, remedy)),
        make(
          'li',
          {},
          'Or link without discovery. Start the proxy on the other computer like this: ',
          make('code', {}, command),
          copy,
          make(
            'span',
            { className: 'small quiet' },
            ' The port is another one after each start; NWS_MESH_PORT fixes it.'
          )
        )
      )
    )
  }

  #showCluster({ cluster }: Health): void {
    byId('cluster-state').hidden = cluster === undefined
    const { mood, words, hint } = cluster === undefined ? { mood: '', words: '', hint: '' } : clusterAdvice(cluster)
    showState('cluster-state', mood, words)
    const notice = byId('cluster-hint')
    notice.hidden = hint === ''
    if (hint !== '' && notice.textContent !== `${words}. ${hint}`)
      notice.replaceChildren(make('strong', {}, words), '. ', hint)
  }

  /** @param sum messages per second */
  #showFacts(health: Health, proxies: number, sum: number) {
    const facts = [
      ['Messages per second', rate(sum)],
      ['Channels', count(health.channels)],
      ['Peers', count(health.peers)],
      ['Other proxies', count(proxies)],
      ['Running for', duration(health.uptimeSeconds)]
    ] as [string, string][]
    keep(
      byId('facts'),
      facts,
      ([name]) => name,
      ([name]) => {
        const drawn =
          name === 'Messages per second'
            ? draw(
                'svg',
                { class: 'curve', viewBox: '0 0 120 28', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
                draw('polyline')
              )
            : null
        return make('div', {}, make('dt', {}, name), make('dd', {}, make('span'), drawn))
      },
      (group, [, value]) => setText(find(group, 'span'), value)
    )
    find(byId('facts'), 'polyline').setAttribute('points', curve(this.#minute, 120, 28))
  }

  #showPicture(channels: ApiChannel[], proxies: Neighbour[]) {
    const clustered = proxies.filter(({ clustered }) => clustered).length
    const shared = proxies.filter(({ channels }) => channels.length > 0).length
    const reached = `${plural(proxies.length - clustered, 'link')} to other proxies${clustered === 0 ? '' : ` and ${plural(clustered, 'other proxy', 'other proxies')} by the cluster`}`
    const words = `This proxy, ${reached}, ${shared} of them with shared channels, and ${plural(channels.length, 'open channel')}.`
    const shown = proxies.map(({ key, proxyId, label, open, clustered, channels }) => ({
      key,
      proxyId,
      label,
      open,
      clustered,
      channels: channels.map(name => `network ${name}`),
      rate: this.#rates.of(key),
      came: this.#rates.growth(`in ${key}`),
      went: this.#rates.growth(`out ${key}`)
    }))
    this.#picture.show(
      shown,
      channels.map(channel => ({
        key: keyOf(channel),
        label: channel.name ?? channel.tag,
        peers: channel.peers.local + channel.peers.remote,
        rate: this.#rates.of(keyOf(channel)),
        came: this.#rates.growth(keyOf(channel)),
        joined: channel.name !== undefined && this.#channels.has(channel.name, channel.scope)
      })),
      words,
      INTERVAL_MS
    )
    this.#words = new Map([
      ...channels.map(
        channel => [keyOf(channel), `${channel.name ?? channel.tag}: ${this.#wordsOfChannel(channel)}`] as const
      ),
      ...proxies.map(proxy => [proxy.key, `Proxy ${proxy.name}: ${this.#wordsOfProxy(proxy)}`] as const)
    ])
    this.#tell(this.#pointed)
    this.#find()
  }

  #tell(key: string) {
    this.#pointed = key
    const none =
      this.#words.size === 0
        ? 'No channel is open. Join one, and it appears here.'
        : 'Point at a circle to see its name. Press a channel to join it, or a proxy to see its link.'
    setText(byId('picture-words'), this.#words.get(key) ?? none)
  }

  /** Whether the search finds a circle. */
  #finds(key: string) {
    return this.#wanted === '' || (this.#words.get(key) ?? key).toLowerCase().includes(this.#wanted)
  }

  /** Marks the circles that the search finds, and counts them. */
  #find() {
    byId('search-row').hidden = this.#words.size < SEARCHED && this.#wanted === ''
    const found = [...this.#words.keys()].filter(key => this.#finds(key))
    this.#picture.mark(this.#wanted === '' ? undefined : new Set(found))
    setText(byId('search-words'), this.#wanted === '' ? '' : `${count(found.length)} of ${count(this.#words.size)}`)
  }

  #choose(key: string) {
    const proxy = this.#proxies.find(each => each.key === key)
    if (proxy !== undefined) return this.#card.open(proxy, this.#open)
    const [scope, name = ''] = key.split(' ', 2)
    if (scope === 'network' || scope === 'local') this.onJoin(name, scope)
  }

  /** Called when the user wants to join an open channel. */
  onJoin: (name: string, scope: Scope) => void = () => {}

  #wordsOfChannel(channel: ApiChannel) {
    const {
      scope,
      peers: { local, remote },
      messages,
      bytes: size,
      fault
    } = channel
    const reach = scope === 'local' ? 'this computer only, ' : ''
    const others = remote > 0 ? `, ${count(remote)} elsewhere` : ''
    const faulty = fault === undefined ? '' : 'a fault for developers is on, '
    return `${faulty}${reach}${plural(local, 'peer')} here${others}, ${perSecond(this.#rates.of(keyOf(channel)))} (${plural(messages, 'message')}, ${bytes(size)})`
  }

  #wordsOfProxy({ key, words }: Neighbour) {
    return words(this.#rates.of(key))
  }

  #showLists(channels: ApiChannel[], proxies: Neighbour[]) {
    const create = (title: string, press: (() => void) | undefined) => {
      const name = make(press === undefined ? 'span' : 'button', { className: 'mono name' }, title)
      if (press !== undefined) name.addEventListener('click', press)
      return make('li', {}, name, make('span', { className: 'small quiet words' }))
    }
    const details = byId('picture-list') as HTMLDetailsElement
    if (details.open) {
      keep(
        byId('links'),
        proxies.filter(({ key }) => this.#finds(key)),
        ({ key }) => key,
        ({ key }) => create('', () => this.#choose(key)),
        (item, proxy) => {
          setText(find(item, '.name'), proxy.name)
          setText(find(item, '.words'), this.#wordsOfProxy(proxy))
        }
      )
      keep(
        byId('open-channels'),
        channels.filter(channel => this.#finds(keyOf(channel))),
        keyOf,
        channel =>
          create(
            channel.name ?? channel.tag,
            channel.name === undefined ? undefined : () => this.#choose(keyOf(channel))
          ),
        (item, channel) => setText(find(item, '.words'), this.#wordsOfChannel(channel))
      )
    }
    const others = channels.filter(({ name, scope }) => name !== undefined && !this.#channels.has(name, scope))
    byId('open-card').hidden = others.length === 0
    const shown = others
      .toSorted((a, b) => b.peers.local + b.peers.remote - a.peers.local - a.peers.remote)
      .slice(0, LISTED)
    keep(
      byId('open-list'),
      shown,
      keyOf,
      channel => {
        const button = make(
          'button',
          { type: 'button', className: 'open-channel' },
          make('span', { className: 'mono' }, channel.name),
          make('span', { className: 'small quiet words' })
        )
        button.addEventListener('click', () => this.#choose(keyOf(channel)))
        return make('li', {}, button)
      },
      (item, { peers, scope }) =>
        setText(
          find(item, '.words'),
          `${plural(peers.local + peers.remote, 'peer')}${scope === 'local' ? ', this computer only' : ''}`
        )
    )
  }
}

/** Shows a state in words, with a coloured dot. */
function showState(id: string, mood: string, words: string) {
  const place = byId(id)
  if (place.dataset['state'] === words) return
  place.dataset['state'] = words
  place.replaceChildren(make('span', { className: `dot ${mood}` }), ' ', words)
}
