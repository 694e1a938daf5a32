// The names of files and folders that a peer offers, made safe to store under. No paths: the caller chooses the folder.

/** Longest name in UTF-8. File systems take 255 bytes; the name of an unfinished file is longer than the final one. */
export const MAX_NAME_BYTES = 200

/** Control and format characters, line separators, halves of characters, and what some file system forbids. */
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}<>:"|?*]/gu
/** Names of devices on Windows, with any ending. */
const RESERVED = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d¹²³])[\s]*(?:\.|$)/iu

/**
 * The name to store an offered file under: its last component, trimmed, never hidden and never reserved.
 *
 * @returns undefined if no such name can be made of it
 */
export function safeName(offered: string): string | undefined {
  const component = offered.split(/[/\\]/).at(-1)!
  // The order matters: a blank in front of a dot must not save the dot.
  const trimmed = component
    .trim()
    .replace(FORBIDDEN, '_')
    .replace(/[\s.]+$/u, '')
  if (trimmed === '') return undefined
  const name = RESERVED.test(trimmed) ? `_${trimmed}` : trimmed.replace(/^\.+/, '_')
  return new TextEncoder().encode(name).length > MAX_NAME_BYTES ? undefined : name
}
