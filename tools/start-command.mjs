// The command of `npm start`, in parts: for tests and measurements that run a proxy as users do.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = new URL('..', import.meta.url)
/** @type {{ scripts: { start: string } }} */
const { scripts } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'))

/** Arguments of Node.js; the last one is the program. */
export const START_ARGUMENTS = scripts.start
  .slice(scripts.start.indexOf('node ') + 5)
  .split(' ')
  .map(argument => (argument.startsWith('-') ? argument : fileURLToPath(new URL(argument, ROOT))))

/** Variables: the C library then gives large blocks back to the system at once. */
export const START_VARIABLES = Object.fromEntries(
  Array.from(scripts.start.matchAll(/\b(MALLOC_\w+)=(\d+)/g), ([, name, value]) => [String(name), String(value)])
)
