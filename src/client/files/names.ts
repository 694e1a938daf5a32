// The names of files and folders that a peer offers, made safe to store under. Not the folder: the caller chooses it.

/** Longest name in UTF-8. File systems take 255 bytes; the name of an unfinished file is longer than the final one. */
export const MAX_NAME_BYTES = 200
/** Most folders in a path; deeper ones are left out. */
const MAX_DEPTH = 32

/** Control and format characters, line separators, halves of characters, and what some file system forbids. */
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}<>:"|?*]/gu
/** Names of devices on Windows, with any ending. */
const RESERVED = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d¹²³])\s*(?:\.|$)/iu

/** The name to store an offered file under: its last component, trimmed, never hidden, never reserved. `file` if it has none. */
export function safeName(offered: string): string {
  return safeComponent(offered.split(/[/\\]/).at(-1)!) ?? 'file'
}

/** The same for a path below a folder: `a/../b` becomes `a/b`. */
export function safePath(offered: string): string {
  const components = offered.split(/[/\\]/).map(safeComponent)
  const [name = 'file', ...folders] = components.filter(component => component !== undefined).reverse()
  return [...folders.slice(0, MAX_DEPTH).reverse(), name].join('/')
}

function safeComponent(component: string): string | undefined {
  // The order matters: a blank in front of a dot must not save the dot.
  const trimmed = component
    .trim()
    .replace(FORBIDDEN, '_')
    .replace(/[\s.]+$/u, '')
  if (trimmed === '') return undefined
  return shorten(RESERVED.test(trimmed) ? `_${trimmed}` : trimmed.replace(/^\.+/, '_'))
}

/** Takes characters out of the middle of a long name, so that its beginning and its ending stay. */
function shorten(name: string): string {
  const bytes = (text: string): number => new TextEncoder().encode(text).length
  if (bytes(name) <= MAX_NAME_BYTES) return name
  const characters = Array.from(name)
  const ending = characters.slice(-20)
  const beginning = characters.slice(0, MAX_NAME_BYTES)
  while (bytes(beginning.join('')) + bytes(ending.join('')) > MAX_NAME_BYTES) beginning.pop()
  return [...beginning, ...ending].join('')
}
