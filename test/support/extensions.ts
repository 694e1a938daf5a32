// Files of extensions for tests.
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'

let made = 0

/** A folder with one extension of that text, as safe as it has to be; its name is new, since Node keeps modules. */
export function extension(t: Test, text: string, name = `extension-${made++}.mjs`): string {
  const folder = t.testdir({ [name]: text })
  chmodSync(folder, 0o755)
  const file = join(folder, name)
  chmodSync(file, 0o644)
  return file
}

/** The text of an extension that is one function. */
export const plain = (body: string) => `export default async function (app) { ${body} }`
