// The fold "Use it in code" of a channel: how pages and programs take part in it, with its real name.
import { BASE, currentToken } from './api.ts'
import { copyFrom, make } from './dom.ts'

export type Snippet = { title: string; code: string }

/** A text as a string of JavaScript and Python: a name has neither quotes nor backslashes. */
const quoted = (text: string) => `'${text}'`

export function snippetsOf(name: string, scope: 'network' | 'local'): Snippet[] {
  const isLocal = scope === 'local'
  const socketUrl = `${BASE.replace('http', 'ws')}${isLocal ? 'local/' : ''}${name}`
  const library = isLocal ? 'LocalWebSocket' : 'NetworkWebSocket'
  const isUsual = BASE === 'http://localhost:9009/'
  const options = isUsual ? '' : `, { endpoint: '${BASE.replace('http', 'ws')}' }`
  const [read, write] = isLocal
    ? ['data', "'Hello'"]
    : ['JSON.parse(data)', "JSON.stringify({ action: 'broadcast', data: 'Hello' })"]
  const everywhere: Snippet[] = [
    {
      title: 'A page, or a program in Node.js 22 and later',
      code: `const socket = new WebSocket(${quoted(socketUrl)})
socket.onmessage = ({ data }) => console.log(${read})
socket.onopen = () => socket.send(${write})`
    },
    {
      title: 'A page with the library: peers, reconnecting, files',
      code: `<script type="module">
  import { ${library} } from '${BASE}lib/networkwebsockets.js'

  const channel = new ${library}(${quoted(name)}${options})
  channel.onmessage = ({ data }) => console.log(data)
  channel.onopen = () => channel.send('Hello')
</script>`
    },
    {
      title: 'Python, with the package websockets',
      code: `import asyncio, json, websockets

async def main():
    async with websockets.connect(${quoted(socketUrl)}) as socket:
        await socket.send(${isLocal ? "'Hello'" : "json.dumps({'action': 'broadcast', 'data': 'Hello'})"})
        async for message in socket:
            print(${isLocal ? 'message' : 'json.loads(message)'})

asyncio.run(main())`
    }
  ]
  if (isLocal) return everywhere
  const token = currentToken() === '' ? '' : ' -H "Authorization: Bearer $NWS_API_TOKEN"'
  const resource = `'${BASE}api/channels/${name}`
  const url = isUsual ? '' : ` --url ${BASE}`
  const argument = `${name.startsWith('-') ? '-- ' : ''}'${name}'`
  return [
    ...everywhere,
    {
      title: 'A shell, with curl',
      code: `curl${token} -H 'Content-Type: application/json' -d '{"data":"Hello"}' ${resource}/messages'
curl${token} -N -H 'Accept: text/event-stream' ${resource}/events'`
    },
    { title: 'A shell, with the command', code: `nws send${url} ${argument} Hello\nnws listen${url} ${argument}` }
  ]
}

/** Fills the fold when it opens. */
export function wireUseInCode(fold: HTMLElement, name: string, scope: 'network' | 'local') {
  fold.addEventListener('toggle', () => {
    const parts = snippetsOf(name, scope).map(({ title, code }) => {
      const copy = make('button', { type: 'button', 'aria-label': `Copy: ${title}` }, 'Copy')
      copy.addEventListener('click', () => void copyFrom(copy, code))
      const head = make('div', { className: 'row' }, make('h3', { className: 'grow' }, title), copy)
      return make('div', {}, head, make('pre', { tabIndex: 0 }, make('code', {}, code)))
    })
    fold.lastElementChild?.replaceChildren(...parts)
  })
}
