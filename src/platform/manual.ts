// The manual: the documents of this package as pages. A page has the path of its file below docs/, so links between
// documents lead to pages; the documents beside that folder are below project/.
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { escapeHtml, renderMarkdown } from '../core/markdown.ts'
import { packageFile } from './package.ts'

/** The page that lists the others. */
export const MANUAL_INDEX = 'README.md'
const BESIDE = ['CHANGELOG.md', 'CONTRIBUTING.md', 'README.md', 'SECURITY.md']

/** The manual without a server. */
export interface Manual {
  /** The page at an address; undefined if the manual has none there. */
  page(address: string): Promise<string | undefined>
  /** The file of a picture at an address, relative to the folder of the package. */
  picture(address: string): string | undefined
}

/** Makes a manual of the files that are present. */
export function createManual(): Manual {
  /** Address → file in the package, and back. */
  const files = new Map<string, string>()
  for (const name of BESIDE) files.set(`project/${name}`, name)
  for (const name of readdirSync(packageFile('docs/'), { recursive: true, encoding: 'utf8' }))
    if (/\.(?:md|png|svg)$/.test(name)) files.set(name.replaceAll('\\', '/'), `docs/${name.replaceAll('\\', '/')}`)
  const addresses = new Map(Array.from(files, ([address, file]) => [file, address]))

  /** The way from one page to the target of a link in it. */
  function resolve(file: string, up: string, target: string): string | undefined {
    if (/^[a-z]+:/i.test(target)) return /^(?:https?|mailto):/i.test(target) ? target : undefined
    if (target.startsWith('#')) return target
    const { pathname, hash } = new URL(target, `http://package/${file}`)
    const address = addresses.get(decodeURIComponent(pathname.slice(1)))
    return address === undefined ? undefined : `${up}${address}${hash}`
  }

  return {
    picture: address => (address.endsWith('.md') ? undefined : files.get(address)),
    page: async address => {
      const file = files.get(address)
      if (file === undefined || !address.endsWith('.md')) return undefined
      const text = await readFile(packageFile(file), 'utf8')
      const up = '../'.repeat(address.split('/').length - 1)
      const { title, html, sections } = renderMarkdown(text, { resolve: target => resolve(file, up, target) })
      const contents = sections
        .map(({ anchor, text }) => `<li><a href="#${escapeHtml(anchor)}">${text}</a></li>`)
        .join('\n')
      return htmlPage({
        title,
        up: `${up}../`,
        main: `${sections.length < 3 ? '' : `<details class="contents"><summary>On this page</summary><ul>\n${contents}\n</ul></details>\n`}<article>\n${html}</article>`
      })
    }
  }
}

/** A page without a script, in the style of the manual. @param title, main HTML @param up the way to the root of the proxy */
export function htmlPage({ title, up, main }: { title: string; up: string; main: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Network Web Sockets</title>
<link rel="icon" href="${up}console/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${up}console/theme.css">
<link rel="stylesheet" href="${up}docs/manual.css">
</head>
<body>
<header><nav aria-label="Pages of this proxy">
<a href="${up}console">Console</a> <a href="${up}docs/${MANUAL_INDEX}">Manual</a> <a href="${up}docs/ERRORS.md">Errors</a> <a href="${up}docs/api">API</a>
</nav></header>
<main>
${main}
</main>
</body>
</html>
`
}
