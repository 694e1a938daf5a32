// Makes HTML of the Markdown that this project writes: headings, paragraphs, lists, tables, code, quotes, links and images.
// Not a reader of all Markdown: HTML in a text is shown as text, and its comments are left out.

/** How a page is put together. */
export interface MarkdownOptions {
  /** The address for the target of a link or image; undefined: the words are shown without a link. */
  readonly resolve: (target: string) => string | undefined
}

/** A page as HTML. */
export interface MarkdownPage {
  /** The text of its first heading. */
  readonly title: string
  readonly html: string
  /** The headings of the second level, with their anchors. */
  readonly sections: readonly { readonly anchor: string; readonly text: string }[]
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;'
}

/** A text for HTML, in an element or in an attribute with quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character]!)
}

/** The anchor of a heading, as code hosts make it. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-')
}

/** Code, an escaped character, an image, a link, an address in angle brackets, strong and emphasized text. */
const INLINE =
  /(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)|\\([!-/:-@[-`{-~])|(!?)\[((?:[^[\]`]|`[^`]*`|\[[^[\]]*\])*)\]\(([^()\s]+)\)|<(https?:\/\/[^\s<>]+)>|\*\*(?=\S)([\s\S]*?\S)\*\*|(?<![\w*])\*(?=\S)([^*]*?\S)\*(?!\w)/g

class Writer {
  readonly #resolve: MarkdownOptions['resolve']
  readonly #anchors = new Map<string, number>()
  readonly sections: { anchor: string; text: string }[] = []
  title = ''

  constructor({ resolve }: MarkdownOptions) {
    this.#resolve = resolve
  }

  /** The text of a line or of joined lines. */
  inline(text: string): string {
    let html = ''
    let end = 0
    for (const match of text.matchAll(INLINE)) {
      const [whole, , code, escaped, image, words, target, address, strong, emphasized] = match
      html += escapeHtml(text.slice(end, match.index))
      end = match.index + whole.length
      if (code !== undefined) html += `<code>${escapeHtml(code.replace(/^ (.*) $/s, '$1'))}</code>`
      else if (escaped !== undefined) html += escapeHtml(escaped)
      else if (target !== undefined && image === '!') html += this.#image(words!, target)
      else if (target !== undefined) html += this.#link(this.inline(words!), target)
      else if (address !== undefined) html += this.#link(escapeHtml(address), address)
      else if (strong !== undefined) html += `<strong>${this.inline(strong)}</strong>`
      else html += `<em>${this.inline(emphasized!)}</em>`
    }
    return html + escapeHtml(text.slice(end))
  }

  #link(html: string, target: string): string {
    const address = this.#resolve(target)
    return address === undefined ? html : `<a href="${escapeHtml(address)}">${html}</a>`
  }

  #image(words: string, target: string): string {
    const address = this.#resolve(target)
    return address === undefined ? escapeHtml(words) : `<img src="${escapeHtml(address)}" alt="${escapeHtml(words)}">`
  }

  /** An anchor that no heading before has. */
  #anchor(text: string): string {
    const anchor = anchorOf(text)
    const count = this.#anchors.get(anchor) ?? 0
    this.#anchors.set(anchor, count + 1)
    return count === 0 ? anchor : `${anchor}-${count}`
  }

  /** Blocks, with the indentation of their list removed. */
  blocks(lines: readonly string[]): string {
    let html = ''
    for (let at = 0; at < lines.length;) {
      const line = lines[at]!
      const [, fence, language] = /^(```+)(\w*)/.exec(line) ?? []
      const [, hashes, heading] = /^(#{1,6}) +(.*)$/.exec(line) ?? []
      if (line.trim() === '') {
        at += 1
      } else if (line.startsWith('<!--')) {
        while (!lines[at]!.includes('-->')) at += 1
        at += 1
      } else if (fence !== undefined) {
        const last = lines.indexOf(fence, at + 1)
        const end = last < 0 ? lines.length : last
        html += `<pre tabindex="0"><code class="${language}">${escapeHtml(lines.slice(at + 1, end).join('\n'))}\n</code></pre>\n`
        at = end + 1
      } else if (hashes !== undefined) {
        html += this.#heading(hashes.length, heading!)
        at += 1
      } else if (line.startsWith('|')) {
        const end = endOf(lines, at, next => next.startsWith('|'))
        html += this.#table(lines.slice(at, end))
        at = end
      } else if (line.startsWith('>')) {
        const end = endOf(lines, at, next => next.startsWith('>'))
        html += `<blockquote>${this.blocks(lines.slice(at, end).map(text => text.replace(/^> ?/, '')))}</blockquote>\n`
        at = end
      } else if (markOf(line) !== undefined) {
        const [list, end] = this.#list(lines, at)
        html += list
        at = end
      } else {
        const end = endOf(
          lines,
          at,
          next => next.trim() !== '' && !/^(?:```|#{1,6} |\||>|<!--)/.test(next) && !isItem(next)
        )
        html += `<p>${this.inline(lines.slice(at, end).join('\n'))}</p>\n`
        at = end
      }
    }
    return html
  }

  #heading(level: number, text: string): string {
    const html = this.inline(text)
    const words = html.replace(/<[^>]*>/g, '')
    const anchor = this.#anchor(text.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1'))
    if (this.title === '') this.title = words
    if (level === 2) this.sections.push({ anchor, text: words })
    return `<h${level} id="${escapeHtml(anchor)}"><a href="#${escapeHtml(anchor)}">${html.replace(/<\/?a\b[^>]*>/g, '')}</a></h${level}>\n`
  }

  /** A row whose first cell is one code has it as its anchor, so that a link can lead to an error or a setting. */
  #table(lines: readonly string[]): string {
    const rows = lines.map(line =>
      line
        .replace(/^\||\|\s*$/g, '')
        .split(/(?<!\\)\|/)
        .map(cell => cell.trim().replaceAll('\\|', '|'))
    )
    const [head, marks, ...body] = rows
    if (head === undefined || marks?.every(cell => /^:?-+:?$/.test(cell)) !== true)
      return `<p>${this.inline(lines.join('\n'))}</p>\n`
    const cells = (row: readonly string[], tag: string): string =>
      row.map(cell => `<${tag}>${this.inline(cell)}</${tag}>`).join('')
    const anchored = (row: readonly string[]): string => {
      const [, code] = /^`([A-Z][A-Z0-9_]+)`$/.exec(row[0]!) ?? []
      return code === undefined ? '<tr>' : `<tr id="${this.#anchor(code)}">`
    }
    const bodyRows = body.map(row => `${anchored(row)}${cells(row, 'td')}</tr>`).join('\n')
    return `<div class="wide" tabindex="0" role="region" aria-label="Table"><table>\n<thead><tr>${cells(head, 'th')}</tr></thead>\n<tbody>\n${bodyRows}\n</tbody></table></div>\n`
  }

  /** @returns the list that begins at a line, and the number of the line behind it */
  #list(lines: readonly string[], first: number): [html: string, end: number] {
    const { ordered } = markOf(lines[first]!)!
    const items: string[] = []
    let at = first
    while (at < lines.length) {
      const mark = markOf(lines[at]!)
      if (mark === undefined || mark.ordered !== ordered) break
      const { width } = mark
      const isInside = (line: string): boolean =>
        line.trim() === '' || /^\s*/.exec(line)![0].length >= Math.min(width, 2)
      let end = endOf(lines, at, isInside)
      while (lines[end - 1]!.trim() === '') end -= 1
      const inner = [
        lines[at]!.slice(width),
        ...lines.slice(at + 1, end).map(line => line.replace(new RegExp(`^ {0,${width}}`), ''))
      ]
      const html = this.blocks(inner).trim()
      // An item of one paragraph needs none.
      items.push(`<li>${html.replace(/^<p>([\s\S]*?)<\/p>/, '$1')}</li>`)
      at = end
      while (at < lines.length && lines[at]!.trim() === '' && markOf(lines[at + 1] ?? '') !== undefined) at += 1
    }
    const tag = ordered ? 'ol' : 'ul'
    return [`<${tag}>\n${items.join('\n')}\n</${tag}>\n`, at]
  }
}

/** The mark of a list item at the start of a line, and the width of what stands before its text. */
function markOf(line: string): { readonly ordered: boolean; readonly width: number } | undefined {
  const [whole, number] = /^(?:[-*]|(\d{1,3})\.) +(?=\S)/.exec(line) ?? []
  return whole === undefined ? undefined : { ordered: number !== undefined, width: whole.length }
}

/** Whether a line interrupts a paragraph: in a paragraph, a number at the start of a line is only a number. */
function isItem(line: string): boolean {
  return markOf(line)?.ordered === false
}

function endOf(lines: readonly string[], first: number, belongs: (line: string) => boolean): number {
  let end = first + 1
  while (end < lines.length && belongs(lines[end]!)) end += 1
  return end
}

/** Makes HTML of a text. All that stands in the text is escaped. */
export function renderMarkdown(text: string, options: MarkdownOptions): MarkdownPage {
  const writer = new Writer(options)
  const html = writer.blocks(text.replaceAll('\r\n', '\n').split('\n'))
  return { title: writer.title, html, sections: writer.sections }
}
