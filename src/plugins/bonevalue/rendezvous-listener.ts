// The listener of the rendezvous for other machines. It serves a separate app, which comes in as an option.
import { readFileSync, statSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { listenerUrl } from '../../core/bonevalue/listener-url.ts'
import { NwsError } from '../../core/errors.ts'
import { parsePeerAddress } from '../../core/peer-address.ts'
import type {} from '../config.ts'
import type {} from '../shutdown.ts'

declare module 'fastify' {
  interface FastifyInstance {
    rendezvousListener: RendezvousListener
  }
}

/** The decorator `rendezvousListener`. */
export interface RendezvousListener {
  /** Its URL without a slash at the end; undefined: there is none, or not yet. */
  readonly url: string | undefined
  readonly port: number | undefined
}

/** Certificate and key for node:https. */
export interface Tls {
  readonly cert: Buffer
  readonly key: Buffer
}

/** Options of the plugin. */
export interface RendezvousListenerOptions {
  /** Builds the app that listens. @param tls undefined: plain HTTP */
  readonly build: (main: FastifyInstance, tls: Tls | undefined) => Promise<FastifyInstance>
}

/** Share of the time for the shutdown after which busy connections are cut. */
const PATIENCE_SHARE = 0.7

function readFile(path: string, variable: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new NwsError(
      'NWS_ERR_CONFIG_VALUE',
      `${variable}: the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`
    )
  }
}

/** @throws NwsError `NWS_ERR_CONFIG_VALUE` if it is no folder: otherwise nothing would be served, without a word */
function checkFolder(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isDirectory() !== true)
    throw new NwsError('NWS_ERR_CONFIG_VALUE', 'NWS_WEB_ROOT: there is no folder at this path.')
}

/** Decorates the app with `rendezvousListener`. It listens in `onReady`; a failure ends the start. */
export default fp<RendezvousListenerOptions>(
  async (app, { build }) => {
    const { bv, bvListen, tlsCert, tlsKey, webRoot } = app.config
    let url: string | undefined
    let port: number | undefined
    app.decorate('rendezvousListener', {
      get url() {
        return url
      },
      get port() {
        return port
      }
    })
    const address = bv ? parsePeerAddress(bvListen, true) : undefined
    if (address === undefined) return
    let inner: FastifyInstance | undefined

    app.addHook('onReady', async () => {
      const tls =
        tlsCert === '' ? undefined : { cert: readFile(tlsCert, 'NWS_TLS_CERT'), key: readFile(tlsKey, 'NWS_TLS_KEY') }
      if (webRoot !== '') checkFolder(webRoot)
      try {
        inner = await build(app, tls)
        await inner.listen({
          host: address.host,
          port: address.port,
          listenTextResolver: shown => `the rendezvous listens: ${shown}`
        })
      } catch (error) {
        if (error instanceof NwsError) throw error
        const { code = 'unknown error', syscall } = error as NodeJS.ErrnoException
        if (syscall === undefined && tls !== undefined)
          throw new NwsError('NWS_ERR_CONFIG_VALUE', `NWS_TLS_CERT and NWS_TLS_KEY do not fit or are no PEM (${code}).`)
        throw new NwsError('NWS_ERR_LISTEN', `${bvListen} cannot be used (${code}). NWS_BV_LISTEN chooses another.`)
      }
      port = (inner.server.address() as AddressInfo).port
      url = listenerUrl(app.config, port)
    })

    app.addHook('preClose', async () => {
      if (inner === undefined) return
      const deadline = setTimeout(() => inner?.server.closeAllConnections(), app.shutdown.left(PATIENCE_SHARE))
      await inner.close()
      clearTimeout(deadline)
    })
  },
  { name: 'nws-rendezvous-listener', fastify: '5.x', dependencies: ['nws-config', 'nws-shutdown', 'nws-rendezvous'] }
)
