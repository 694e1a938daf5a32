// Finds out what happened to the links of a channel between two looks at the API. Pure.

/** A link, as far as it is needed here. */
export interface LinkState {
  readonly proxyId: string
  readonly state: 'open' | 'resuming'
  readonly resumptions: number
  /** Names of the shared channels. */
  readonly channels: readonly string[]
}

export interface LinkChange {
  readonly proxy: string
  readonly words: string
}

/** Follows the links that carry one channel. */
export class LinkWatch {
  #known: Map<string, Pick<LinkState, 'state' | 'resumptions'>> | undefined
  readonly #channel: string

  constructor(channel: string) {
    this.#channel = channel
  }

  /** @returns what has changed since the last look */
  look(links: readonly LinkState[]): LinkChange[] {
    const now = new Map(
      links.filter(({ channels }) => channels.includes(this.#channel)).map(link => [link.proxyId, link])
    )
    const changes: LinkChange[] = []
    const before = this.#known ?? new Map<string, LinkState>()
    for (const [proxy, { state, resumptions }] of now) {
      const old = before.get(proxy)
      if (old === undefined) changes.push({ proxy, words: 'A link carries the channel.' })
      if (old !== undefined && resumptions > old.resumptions)
        changes.push({ proxy, words: 'The link was lost and goes on. Nothing is missing.' })
      if (state === 'resuming' && old?.state !== 'resuming')
        changes.push({ proxy, words: 'The link is lost. The proxies try to go on.' })
    }
    for (const proxy of before.keys())
      if (!now.has(proxy)) changes.push({ proxy, words: 'No link carries the channel any more.' })
    this.#known = now
    return changes
  }
}
