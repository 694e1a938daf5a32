// Markdown to HTML: each construct that the documents use, and texts that try to become markup.
import t from 'tap'
import { anchorOf, escapeHtml, renderMarkdown } from '../../src/core/markdown.ts'

const html = (text: string): string => renderMarkdown(text, { resolve: target => target }).html.trim()

const cases: [what: string, text: string, html: string][] = [
  ['a paragraph of two lines', 'one\ntwo', '<p>one\ntwo</p>'],
  ['two paragraphs', 'one\n\ntwo', '<p>one</p>\n<p>two</p>'],
  ['strong and emphasized', 'a **b *c* d** *e* 2*3*4', '<p>a <strong>b <em>c</em> d</strong> <em>e</em> 2*3*4</p>'],
  ['code', '`a<b` and `` `x` ``', '<p><code>a&lt;b</code> and <code>`x`</code></p>'],
  ['a link with code', '[`x()`](CLIENT.md#x)', '<p><a href="CLIENT.md#x"><code>x()</code></a></p>'],
  ['an address', '<http://a/b>', '<p><a href="http://a/b">http://a/b</a></p>'],
  ['a picture', '![a "b"](c.png)', '<p><img src="c.png" alt="a &quot;b&quot;"></p>'],
  ['an escaped character', 'a \\* b', '<p>a * b</p>'],
  ['a comment', '<!-- generated: x -->\ntext\n<!-- /generated -->', '<p>text</p>'],
  [
    'a fence',
    '```js\nif (a < b) {\n\n}\n```',
    '<pre tabindex="0"><code class="js">if (a &lt; b) {\n\n}\n</code></pre>'
  ],
  ['a list', '- one\n  more\n- two', '<ul>\n<li>one\nmore</li>\n<li>two</li>\n</ul>'],
  [
    'a list in a list',
    '1. one\n   - two\n\n   three\n2. four',
    '<ol>\n<li>one<ul>\n<li>two</li>\n</ul>\n<p>three</p></li>\n<li>four</li>\n</ol>'
  ],
  ['a quote', '> one\n> two', '<blockquote><p>one\ntwo</p>\n</blockquote>'],
  ['a number at the start of a line', 'more than\n300. That is', '<p>more than\n300. That is</p>'],
  ['a heading', '## Two `words`', '<h2 id="two-words"><a href="#two-words">Two <code>words</code></a></h2>']
]

t.test('what the documents use becomes HTML', async t => {
  for (const [what, text, expected] of cases) t.equal(html(text).replaceAll('\n<ul', '<ul'), expected, what)
})

t.test('a row of a table whose first cell is a code can be linked to', async t => {
  const table = html('| code | meaning |\n| --- | --- |\n| `NWS_ERR_X` | a \\| b |\n| none | c |')
  t.match(table, '<tr id="nws_err_x"><td><code>NWS_ERR_X</code></td><td>a | b</td></tr>')
  t.match(table, '<tr><td>none</td><td>c</td></tr>')
})

t.test('headings have different anchors, and those of the second level are listed', async t => {
  const { title, sections } = renderMarkdown('# A & B\n## C\n## C', { resolve: () => undefined })
  t.equal(title, 'A &amp; B')
  t.strictSame(sections, [
    { anchor: 'c', text: 'C' },
    { anchor: 'c-1', text: 'C' }
  ])
  t.equal(anchorOf('The command `nws`: a, b'), 'the-command-nws-a-b')
})

t.test('nothing in a text becomes markup of its own', async t => {
  const attacks = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onload='x"]
  for (const attack of attacks)
    for (const text of [
      attack,
      `# ${attack}`,
      `- ${attack}`,
      `\`${attack}\``,
      `| a |\n| --- |\n| ${attack} |`,
      `> ${attack}`,
      `![${attack}](x)`
    ]) {
      const tags = html(text).replace(
        /<\/?(?:p|h1|a|ul|li|code|div|table|thead|tbody|tr|th|td|blockquote|img)(?: [a-z-]+="[^"<>]*")*>/g,
        ''
      )
      t.notMatch(tags, /[<>]/, text)
    }
  t.equal(html('[a](x"onclick=y)'), '<p><a href="x&quot;onclick=y">a</a></p>')
  t.equal(renderMarkdown('[a](b) ![c](d)', { resolve: () => undefined }).html, '<p>a c</p>\n')
  t.equal(escapeHtml('<&>"\''), '&lt;&amp;&gt;&quot;&#39;')
})
