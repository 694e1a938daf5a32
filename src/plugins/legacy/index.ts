// The ways in which clients of earlier generations speak, as dialects for the sockets of channels.
import fp from 'fastify-plugin'
import type { Scope } from '../../core/channel-name.ts'
import { parseChosenNumber } from '../../core/legacy/peer-numbers.ts'
import type {} from '../channel-registry/index.ts'
import type { Dialect } from '../channel-sockets/dialect.ts'
import type {} from '../config.ts'
import type {} from '../crypto/index.ts'
import { NumberedRooms } from './numbered-room.ts'
import type { Half } from './numbered-pair.ts'
import { NumberedControl, NumberedData } from './numbered.ts'
import { createRawDialect } from './raw.ts'

declare module 'fastify' {
  interface FastifyInstance {
    legacy: LegacyDialects
  }
}

/** The decoration `legacy`. */
export interface LegacyDialects {
  /** The first generation: raw frames. */
  readonly raw: Dialect
  /**
   * The second generation: two sockets that are one peer.
   *
   * @param number the id that the client gives itself, as it stands in the URL
   */
  numbered(half: Half, channel: { readonly name: string; readonly scope: Scope }, number: string): Dialect
}

export default fp(
  async app => {
    const { config, channelRegistry, crypto } = app
    const rooms = new NumberedRooms(channelRegistry.hub, count => crypto.randomBytes(count), config.legacyPairTimeoutMs)
    app.decorate('legacy', {
      raw: createRawDialect(config.legacyMarkers),
      numbered: (half, { name, scope }, text) => {
        const number = parseChosenNumber(text)
        const seat = number === undefined ? undefined : { name, scope, number, half }
        return half === 'data' ? new NumberedData(rooms, seat) : new NumberedControl(rooms, seat)
      }
    })
  },
  { name: 'nws-legacy', fastify: '5.x', dependencies: ['nws-config', 'nws-channel-registry', 'nws-crypto'] }
)
