// The dependencies of the package: those of the lockfile alone, under licences that may be passed on.
import { readFileSync } from 'node:fs'
import t from 'tap'

interface Locked {
  readonly version: string
  readonly integrity?: string
  readonly license?: string
  readonly dev?: boolean
  readonly hasInstallScript?: boolean
  readonly engines?: { readonly node?: string }
}

const { lockfileVersion, packages } = JSON.parse(
  readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')
) as { lockfileVersion: number; packages: Record<string, Locked> }
const shipped = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true)
const LICENCES = new Set([
  'MIT',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'Apache-2.0',
  'Unlicense'
])

t.test('every package is pinned by version and hash', async t => {
  t.equal(lockfileVersion, 3)
  for (const [path, { version, integrity }] of Object.entries(packages)) {
    if (path === '') continue
    t.match(version, /^\d+\.\d+\.\d+/, path)
    t.match(integrity, /^sha512-/, path)
  }
})

t.test('licences of what is installed with the package may be passed on', async t => {
  for (const [path, { license }] of shipped) t.ok(LICENCES.has(license ?? ''), `${path}: ${license}`)
})

t.test('nothing that is installed with the package runs at its installation', async t => {
  t.strictSame(
    shipped.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path),
    []
  )
})

t.test('nothing that is installed with the package asks for a newer Node.js than the package does', async t => {
  const asked = (node: string | undefined) => Number(/^>= ?(\d+)/.exec(node ?? '')?.[1] ?? 0)
  const own = asked(packages['']?.engines?.node)
  t.equal(own, 20)
  t.strictSame(
    shipped.filter(([, { engines }]) => asked(engines?.node) > own).map(([path]) => path),
    []
  )
})

t.test('docs/dependencies.md says what each package is for', async t => {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  ) as { dependencies?: Record<string, string>; devDependencies?: Record<string, string> }
  const page = readFileSync(new URL('../../docs/dependencies.md', import.meta.url), 'utf8')
  const rows = Array.from(page.matchAll(/^\| ([^|]+) \|/gm), ([, names]) =>
    names!.replaceAll(/ \([^)]*\)/g, '').split(', ')
  )
  const named = new Set(rows.flat().filter(name => name !== 'package' && name !== '---'))
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) t.ok(named.delete(name), `${name} has a row`)
  t.strictSame([...named], [], 'and the page names no other package')
})
