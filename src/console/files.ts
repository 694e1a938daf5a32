// Files in a channel: their lines in the log, with buttons. The library transfers them.
import { FileError, fileErrors } from '../client/files/index.ts'
import { bytes as inBytes, plural, short } from './format.ts'
import { KeptFile } from './kept-file.ts'
import { saveAs } from './log-line.ts'
import type { Entry } from './session.ts'
import type { FileOffer, SendProgress, NetworkWebSocket, AcceptOptions } from '../client/index.ts'

/** Largest transfer that the browser keeps; for a larger one the page asks for a place on the disk. Bytes. */
const MAX_KEPT = 256 * 1024 * 1024
/** Receivers that are named one by one. */
const MAX_NAMED = 4
/** Least time between two changes of a line, milliseconds. */
const REDRAW_MS = 100

const reasonOf = (error: unknown) => (error instanceof FileError ? error.message : 'It could not be read or written.')

/** One receiver in words. */
function stateWords({ peer, state, bytes, size, code }: SendProgress) {
  const share = size === undefined ? inBytes(bytes) : `${Math.floor((bytes / Math.max(1, size)) * 100)} %`
  switch (state) {
    case 'asked':
    case 'deciding':
      return `${short(peer)} is asked`
    case 'receiving':
      return `${short(peer)} has ${share}`
    case 'away':
      return `${short(peer)} has left with ${share}, and may come back`
    case 'completed':
      return `${short(peer)} has it`
    default:
      return `${short(peer)} has not got it: ${fileErrors[code ?? 'NWS_CLIENT_FILE_BROKEN']}`
  }
}

/** All receivers in words. */
function allWords(progress: Iterable<SendProgress>) {
  const all = [...progress]
  if (all.length <= MAX_NAMED) return all.map(stateWords).join(' · ')
  const count = (...states: SendProgress['state'][]) => all.filter(({ state }) => states.includes(state)).length
  return [
    [count('asked', 'deciding'), 'are asked'],
    [count('receiving', 'away'), 'are receiving'],
    [count('completed'), 'have it'],
    [count('refused'), 'have not got it']
  ]
    .filter(([number]) => number !== 0)
    .map(([number, words]) => `${number} ${words}`)
    .join(' · ')
}

/** The lines of the files of one channel. */
export class FileLines {
  #socket
  #add
  #change
  /** Ends each transfer that is under way. */
  #running = new Set<AbortController>()

  /** @param add makes a line @param change a line says something else */
  constructor(
    socket: NetworkWebSocket,
    add: (from: string, to: string, text: string) => Entry,
    change: (entry: Entry) => void
  ) {
    this.#socket = socket
    this.#add = add
    this.#change = change
    socket.onfile = offer => this.#offered(offer)
  }

  /** Offers files together. @param to id of a peer; empty: everybody */
  async send(files: File[], to: string) {
    const [first] = files
    if (first === undefined) return
    const size = files.reduce((sum, file) => sum + file.size, 0)
    const label = `${files.length === 1 ? first.name : plural(files.length, 'file')}, ${inBytes(size)}`
    const entry = this.#add('you', to, `${label}: offered`)
    const control = this.#begin(entry)
    const states = new Map<string, SendProgress>()
    const show = throttled(() => {
      if (this.#running.has(control)) this.#say(entry, `${label}: ${allWords(states.values())}`)
    })
    try {
      await this.#socket.sendFiles(
        files.map(file => ({ name: file.name, type: file.type, source: file })),
        {
          to: to === '' ? undefined : to,
          signal: control.signal,
          onProgress: progress => {
            states.set(progress.peer, progress)
            show()
          }
        }
      )
      this.#end(entry, control, `${label}: ${states.size === 0 ? 'no one else is here' : allWords(states.values())}`)
    } catch (error) {
      const reason = control.signal.aborted ? 'cancelled' : reasonOf(error)
      this.#end(entry, control, `${label}: ${[reason, allWords(states.values())].filter(Boolean).join(' · ')}`)
    }
  }

  /** Ends all transfers. */
  stop() {
    for (const control of this.#running) control.abort()
  }

  #offered(offer: FileOffer) {
    const { name, files, size } = offer
    const count = files > 1 && name !== `${files} files` ? `, ${plural(files, 'file')}` : ''
    const label = `${name}${count}, ${size === undefined ? 'of unknown size' : inBytes(size)}`
    const from = offer.from === '' ? '' : ` (from “${offer.from}”)`
    const entry = this.#add(offer.peer, '', `offers ${label}${from}`)
    this.#actions(entry, [
      { label: 'Save', name: `Save ${name}`, run: () => void this.#take(offer, entry, label) },
      {
        label: 'Refuse',
        name: `Refuse ${name}`,
        run: () => {
          offer.refuse()
          this.#say(entry, `${label}: refused`, [])
        }
      }
    ])
    offer.signal.addEventListener('abort', () => {
      // A line of a decided offer has other words.
      if (entry.actions?.[0]?.label === 'Save' && entry.text.startsWith('offers '))
        this.#say(entry, `${label}: ${reasonOf(offer.signal.reason)}`, [])
    })
  }

  async #take(offer: FileOffer, entry: Entry, label: string) {
    const kept: KeptFile[] = []
    let sink
    try {
      sink = await chooseSink(offer)
    } catch {
      return // The user has closed the dialog, and may choose again.
    }
    const control = this.#begin(entry)
    const began = performance.now()
    /** Bytes of an earlier attempt. */
    let before: number | undefined
    const show = throttled((done: number) => {
      before ??= done
      if (!this.#running.has(control)) return
      const share = offer.size === undefined ? inBytes(done) : `${Math.floor((done / Math.max(1, offer.size)) * 100)} %`
      const speed = inBytes(Math.round(((done - before) / Math.max(1, performance.now() - began)) * 1000))
      this.#say(entry, `${label}: ${share} here, ${speed}/s`)
    })
    try {
      const files = await offer.accept({
        sink: sink ?? (async ({ index }) => (kept[index] = await KeptFile.open(`${offer.version}/${index}`))),
        maxBytes: sink === undefined ? MAX_KEPT : undefined,
        signal: control.signal,
        onProgress: ({ bytes }) => show(bytes)
      })
      this.#end(entry, control, sink === undefined ? label : `${label}: saved`)
      if (sink !== undefined) return
      this.#keep(
        entry,
        files.map(({ name, size }, index) => ({ name, size, blob: kept[index]!.blob }))
      )
    } catch (error) {
      this.#end(entry, control, `${label}: ${reasonOf(error)}`)
    }
  }

  /** Kept files can be saved, and the only one is. */
  #keep(entry: Entry, files: { name: string; size: number; blob: Blob }[]) {
    const save = (these: typeof files) => {
      for (const { blob, name } of these) saveAs(blob, name)
    }
    for (const { size } of files) entry.size += size
    const each = files.map(file => ({
      label: files.length === 1 ? 'Save again' : `Save ${file.name}`,
      name: files.length === 1 ? `Save again: ${file.name}` : `Save ${file.name}`,
      run: () => save([file])
    }))
    if (files.length === 1) save(files)
    this.#actions(
      entry,
      files.length === 1 ? each : [{ label: 'Save all', name: 'Save all', run: () => save(files) }, ...each]
    )
  }

  /** A transfer that can be cancelled. */
  #begin(entry: Entry) {
    const control = new AbortController()
    this.#running.add(control)
    this.#actions(entry, [{ label: 'Cancel', name: `Cancel ${entry.text}`, run: () => control.abort() }])
    return control
  }

  #end(entry: Entry, control: AbortController, text: string) {
    this.#running.delete(control)
    this.#say(entry, text, [])
  }

  #actions(entry: Entry, actions: NonNullable<Entry['actions']>) {
    entry.actions = actions
    this.#change(entry)
  }

  #say(entry: Entry, text: string, actions: Entry['actions'] = entry.actions) {
    entry.text = text
    entry.actions = actions
    this.#change(entry)
  }
}

/** Calls at most so often, and the last time with the last value. */
function throttled<Values extends unknown[]>(call: (...values: Values) => void): (...values: Values) => void {
  let waiting: Values | undefined
  let timer = 0
  return (...values) => {
    waiting = values
    if (timer !== 0) return
    timer = setTimeout(() => {
      timer = 0
      call(...(waiting as Values))
    }, REDRAW_MS)
  }
}

/** The dialogs of File System Access, if the browser has them. */
export type Pickers = {
  showSaveFilePicker?: (options: object) => Promise<FileSystemFileHandle>
  showDirectoryPicker?: (options: object) => Promise<FileSystemDirectoryHandle>
}

/** Where a large offer goes; undefined: the browser keeps it. */
async function chooseSink({ name, files, size }: FileOffer): Promise<AcceptOptions['sink']> {
  const { showSaveFilePicker, showDirectoryPicker } = globalThis as Pickers
  if (size !== undefined && size <= MAX_KEPT) return undefined
  if (files === 1 && showSaveFilePicker !== undefined) {
    const handle = await showSaveFilePicker({ suggestedName: name })
    return async () => await handle.createWritable()
  }
  if (files === 1 || showDirectoryPicker === undefined) return undefined
  const folder = await showDirectoryPicker({ mode: 'readwrite' })
  return async ({ path }) => await newFile(folder, path.split('/'))
}

/** A file that was not there before. */
async function newFile(folder: FileSystemDirectoryHandle, path: string[]) {
  for (const part of path.slice(0, -1)) folder = await folder.getDirectoryHandle(part, { create: true })
  const name = path.at(-1) as string
  const isThere = await folder.getFileHandle(name).then(
    () => true,
    () => false
  )
  if (isThere) throw new FileError('NWS_CLIENT_FILE_EXISTS')
  return await (await folder.getFileHandle(name, { create: true })).createWritable()
}
