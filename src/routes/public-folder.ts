// Where public/ is. Kept in a file right in src/routes, which is as deep below the root as what a build makes of it; files
// in folders are not.
import { fileURLToPath } from 'node:url'

/** Path of public/. */
export const PUBLIC = fileURLToPath(new URL('../../public/', import.meta.url))
