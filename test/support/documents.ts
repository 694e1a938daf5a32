// Y.Docs with providers for tests: short ways to make, edit and compare them. Asserts nothing.
import type { Test } from 'tap'
import * as Y from 'yjs'
import { NetworkProvider, type NetworkProviderOptions } from '../../src/client/documents/yjs.ts'
import { decode, type Message } from '../../src/client/documents/messages.ts'
import type { NetworkWebSocket } from '../../src/client/network-web-socket.ts'
// It sets the WebSocket of Node.js 20.
import '../../src/client/node.ts'

export interface Editor {
  readonly doc: Y.Doc
  readonly provider: NetworkProvider
  readonly text: Y.Text
}

/** A document with a provider, which ends with the test. */
export function openEditor(
  t: Test,
  channel: string | NetworkWebSocket,
  options: NetworkProviderOptions = {},
  doc = new Y.Doc()
): Editor {
  const provider = new NetworkProvider(channel, doc, { ...options, timings: { aloneMs: 300, ...options.timings } })
  t.teardown(() => {
    provider.destroy()
    provider.awareness.destroy()
    doc.destroy()
  })
  return { doc, provider, text: doc.getText('text') }
}

/** Resolves when the provider has synced. */
export async function synced({ provider }: Editor): Promise<void> {
  if (!provider.synced) await new Promise<void>(resolve => provider.once('sync', () => resolve()))
}

/** Resolves when the condition holds, which is checked after every change of these documents. */
export async function docsUntil(docs: readonly Y.Doc[], condition: () => boolean): Promise<void> {
  if (condition()) return
  await new Promise<void>(resolve => {
    const check = (): void => {
      if (!condition()) return
      for (const doc of docs) doc.off('afterTransaction', check)
      resolve()
    }
    for (const doc of docs) doc.on('afterTransaction', check)
  })
}

/** Everything of a document, insertions and deletions. */
export function contentOf(doc: Y.Doc): string {
  return Buffer.from(Y.encodeSnapshot(Y.snapshot(doc))).toString('base64')
}

/** One edit of the text `text`, and at times of the map `facts`. */
export function editAtRandom(doc: Y.Doc, random: () => number): void {
  const below = (bound: number): number => Math.floor(random() * bound)
  const text = doc.getText('text')
  const at = below(text.length + 1)
  if (text.length > 2000 || random() < 0.3) text.delete(at, Math.min(1 + below(40), text.length - at))
  else text.insert(at, 'lorem ipsum dolor '.slice(0, 1 + below(18)))
  if (random() < 0.1) doc.getMap('facts').set(`key ${below(5)}`, below(1000))
}

/** Resolves when all documents are equal. */
export async function equal(...editors: readonly { readonly doc: Y.Doc }[]): Promise<void> {
  const docs = editors.map(({ doc }) => doc)
  await docsUntil(docs, () => new Set(docs.map(contentOf)).size === 1)
}

/** A WebSocket class that notes the document's messages, and the sockets that it made. */
export function recording(Base: typeof WebSocket): {
  readonly Socket: typeof WebSocket
  readonly sent: (Message & { readonly direct: boolean })[]
  readonly received: Message[]
} {
  const sent: (Message & { readonly direct: boolean })[] = []
  const received: Message[] = []
  const content = (frame: Uint8Array): Uint8Array => frame.subarray(2 + frame[1]!)
  class Socket extends Base {
    constructor(...args: ConstructorParameters<typeof WebSocket>) {
      super(...args)
      this.addEventListener('message', ({ data }: MessageEvent) => {
        const message = data instanceof ArrayBuffer ? decode(content(new Uint8Array(data))) : undefined
        if (message !== undefined) received.push(message)
      })
    }

    override send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
      if (data instanceof Uint8Array) {
        const message = decode(content(data))
        if (message !== undefined) sent.push({ ...message, direct: data[0] === 4 })
      }
      super.send(data as string)
    }
  }
  return { Socket, sent, received }
}
