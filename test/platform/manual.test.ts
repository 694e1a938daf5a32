// The manual: every document is a page, and every link in it leads to a page and to a place on it.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { catalogue } from '../../src/core/errors.ts'
import { createManual } from '../../src/platform/manual.ts'
import { pageNames, root } from '../../tools/docs/pages.ts'

const manual = createManual()
const addressOf = (file: string): string => (file.startsWith('docs/') ? file.slice('docs/'.length) : `project/${file}`)

async function pageAt(address: string): Promise<string> {
  const page = await manual.page(address)
  if (page === undefined) throw new Error(`The manual has no page ${address}.`)
  return page
}

t.test('every link of every document leads to a page and to a place on it', async t => {
  t.ok(pageNames().length > 20)
  const idsOf = new Map<string, Set<string>>()
  const names = [...pageNames(), 'CHANGELOG.md', 'SECURITY.md']
  for (const name of names) {
    const page = await pageAt(addressOf(name))
    idsOf.set(addressOf(name), new Set(Array.from(page.matchAll(/ id="([^"]*)"/g), ([, id]) => id!)))
    const words = page.replace(/<pre[\s\S]*?<\/pre>|<code>[\s\S]*?<\/code>/g, '').replace(/<[^>]*>/g, '')
    t.notMatch(words, /\*\*|`|\]\(|^#+ |^\| /m, `no mark of Markdown is left in ${name}`)
  }
  for (const [address] of idsOf) {
    for (const [, target] of (await pageAt(address)).matchAll(/ (?:href|src)="([^"]*)"/g)) {
      if (/^(?:https?|mailto):/.test(target!)) continue
      const { pathname, hash } = new URL(target!.replaceAll('&amp;', '&'), `http://proxy/docs/${address}`)
      if (!pathname.startsWith('/docs/') || ['/docs/api', '/docs/manual.css'].includes(pathname)) {
        t.match(pathname, /^\/(?:console(?:\/[\w.]+)?$|docs\/)/, `${address} links to ${target}`)
        continue
      }
      const linked = pathname.slice('/docs/'.length)
      if (!linked.endsWith('.md')) t.ok(manual.picture(linked) !== undefined, `${address} shows ${linked}`)
      else if (hash === '') t.ok(idsOf.has(linked), `${address} links to ${linked}`)
      else t.ok(idsOf.get(linked)?.has(hash.slice(1)) === true, `${address} links to ${linked}${hash}`)
    }
  }
})

t.test('each error has a place on the page of errors', async t => {
  const page = await pageAt('ERRORS.md')
  for (const code of Object.keys(catalogue)) t.ok(page.includes(`<tr id="${code.toLowerCase()}">`), code)
})

t.test('no other file of the package is a page', async t => {
  for (const address of [
    '',
    '..',
    '../package.json',
    'project/package.json',
    'project/../package.json',
    '../src/app.ts',
    'README',
    '/etc/passwd',
    'protocol',
    '%2e%2e/package.json',
    '__proto__',
    'constructor'
  ]) {
    t.equal(await manual.page(address), undefined, address)
    t.equal(manual.picture(address), undefined, address)
  }
  t.ok(readFileSync(`${root}/package.json`, 'utf8').includes('"docs"'), 'the documents are in the package')
})
