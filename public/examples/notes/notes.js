// The page of the notes: who is here, and the editor. The provider of Yjs brings the text and the cursors of the others.
import { Awareness, Doc, NetworkProvider } from '../../lib/networkwebsockets-yjs.js'
import { NetworkWebSocket } from '../../lib/networkwebsockets.js'
import { element } from '../shared/element.js'
import { joinBar } from '../shared/join-bar.js'
import { hueOf, nameOf } from './people.js'

const room = element('room', HTMLElement)
const name = element('name', HTMLInputElement)
const people = element('people', HTMLElement)
const tree = element('editor', HTMLElement).attachShadow({ mode: 'open' })

let doc = new Doc()
let awareness = new Awareness(doc)
/** The channel of the text. */
let place = ''
/** @type {NetworkProvider | undefined} */
let provider
/** @type {import('../../lib/codemirror.js').EditorView | undefined} */
let view

const editor = await import('./editor.js').catch(() => undefined)
if (editor === undefined) {
  element('join', HTMLElement).hidden = true
  element('missing', HTMLElement).hidden = false
} else {
  joinBar('notes', (channel, options) => {
    const socket = new NetworkWebSocket(channel, options)
    provider?.destroy()
    if (channel !== place) {
      view?.destroy()
      awareness.destroy()
      doc = new Doc()
      awareness = new Awareness(doc)
      awareness.on('change', showPeople)
      view = editor.openEditor(tree, doc.getText('text'), awareness)
      place = channel
    }
    introduce()
    provider = new NetworkProvider(socket, doc, { awareness })
    socket.addEventListener('open', () => {
      room.hidden = false
    })
    socket.addEventListener('close', () => {
      room.hidden = true
    })
    return socket
  })
}

function introduce() {
  awareness.setLocalStateField('user', { name: name.value })
}

name.addEventListener('input', introduce)

function showPeople() {
  const states = [...awareness.getStates()].filter(([client]) => client !== doc.clientID)
  people.replaceChildren(
    ...states.map(([client, state]) => {
      const person = Object.assign(document.createElement('li'), { className: 'hued', textContent: nameOf(state) })
      person.style.setProperty('--hue', String(hueOf(client)))
      return person
    })
  )
}
