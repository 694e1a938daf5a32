// Users who trust each other. The page logs in at the proxy that serves it; what it then asks others, and the files it
// sends, go straight to their browsers.
import { BoneValue } from '../../lib/bonevalue.js'
import { answerFiles, sendFile } from './files.js'

const byId = id => document.getElementById(id)
const [login, inside, to, log, people] = ['login', 'inside', 'to', 'log', 'people'].map(byId)
const MAX_SHOWN = 300

// Half a minute for an answer: somebody has to decide whether to take a file.
const $BV = new BoneValue({ timeoutMs: 30_000 })

// What the pages of others may ask this one. Whatever they send may be anything.
$BV.module('Example.Say', ({ request, callback, name }) => {
  show(`${name}: ${String(request?.text).slice(0, 5000)}`)
  callback({ heardAt: new Date().toLocaleTimeString() })
})
answerFiles($BV, {
  asked: (name, words) =>
    new Promise(decide => {
      const [yes, no] = ['Take it', 'No'].map(words =>
        Object.assign(document.createElement('button'), { type: 'button', className: 'plain', textContent: words })
      )
      const line = show(`${name} wants to send ${words}.`, '', yes, no)
      for (const button of [yes, no])
        button.addEventListener('click', () => {
          line.querySelectorAll('button').forEach(each => each.remove())
          decide(button === yes)
        })
    }),
  received: (name, words, address, fileName) => {
    const link = Object.assign(document.createElement('a'), {
      href: address,
      download: fileName,
      textContent: `Save ${fileName}`
    })
    show(`${words} came from ${name}.`, '', link)
  }
})

for (const event of ['peerconnect', 'peerdisconnect', 'newuser', 'userremove']) $BV.on(event, showPeople)
$BV.on('connect', () => {
  login.hidden = true
  inside.hidden = false
  byId('self').textContent = `You are ${byId('user').value}. This page is peer ${$BV.getId()}.`
})
$BV.on('disconnect', () => {
  if ($BV.getId() !== null) {
    byId('self').textContent = 'The proxy is away. Those who are connected stay so; trying again …'
    return
  }
  login.hidden = false
  inside.hidden = true
})
$BV.on('error', ({ err }) => {
  byId('login-state').textContent = err
})

login.addEventListener('submit', event => {
  event.preventDefault()
  byId('login-state').textContent = 'Logging in …'
  // Where this page came from: `/examples/bonevalue/` is two folders below the proxy.
  const address = new URL('../../bv/socket', location.href).href
  $BV.connect(address, byId('user').value, byId('password').value).then(
    () => {
      byId('password').value = byId('login-state').textContent = ''
      byId('text').focus()
    },
    () => {}
  ) // The event `error` has said why.
})
byId('leave').addEventListener('click', () => $BV.disconnect())

byId('ask').addEventListener('submit', event => {
  event.preventDefault()
  const { value } = byId('text')
  const started = performance.now()
  show(`You, to ${to.selectedOptions[0].textContent}: ${value}`)
  $BV.get(to.value).message('Example.Say', { text: value }, true, (answer, { name }) => {
    const ms = (performance.now() - started).toFixed(1)
    show(
      answer.err ? `${name}: ${answer.err}` : `${name} heard it at ${answer.heardAt}; the answer took ${ms} ms.`,
      answer.err ? 'bad' : 'quiet'
    )
  })
  byId('text').value = ''
})
byId('choose').addEventListener('click', () => byId('file').click())
byId('file').addEventListener('change', () => {
  const [file] = byId('file').files
  if (file) for (const peer of $BV.get(to.value).peers()) void send(file, peer)
  byId('file').value = ''
})

async function send(file, peer) {
  const line = show(`${file.name} for ${peer.name}: waits for a yes …`, 'quiet')
  const progress = line.firstElementChild
  try {
    const seconds = await sendFile($BV, peer, file, share => {
      progress.textContent = `${file.name} for ${peer.name}: ${Math.floor(share * 100)} %`
    })
    progress.textContent = `${file.name} is at ${peer.name}'s, ${(file.size / 1e6 / seconds).toFixed(1)} MB/s.`
  } catch (error) {
    line.className = 'bad'
    progress.textContent = `${file.name} for ${peer.name}: ${error.message}`
  }
}

byId('make').addEventListener('submit', event => {
  event.preventDefault()
  tell(
    'make-state',
    $BV.requestToken(byId('make-alias').value).then(({ token }) => {
      byId('token').textContent = token
      byId('token-line').hidden = false
      return ''
    })
  )
})
byId('copy').addEventListener(
  'click',
  () =>
    void navigator.clipboard.writeText(byId('token').textContent).then(
      () => {
        byId('copy').textContent = 'Copied'
      },
      () => {}
    )
)
byId('claim').addEventListener('submit', event => {
  event.preventDefault()
  tell(
    'claim-state',
    $BV.claimToken(byId('claim-alias').value, byId('claim-token').value.trim()).then(({ alias }) => {
      event.target.reset()
      return `You and ${alias} trust each other now.`
    })
  )
})

/** Shows what comes of something, or why nothing does. */
function tell(id, promise) {
  promise.then(
    words => {
      byId(id).textContent = words
    },
    ({ err }) => {
      byId(id).textContent = err
    }
  )
}

/** Shows a line: text as text, never as HTML. */
function show(words, className = '', ...more) {
  const line = Object.assign(document.createElement('p'), { className })
  line.append(Object.assign(document.createElement('span'), { textContent: words }), ...more)
  const atEnd = log.scrollTop + log.clientHeight > log.scrollHeight - 40
  log.append(line)
  while (log.childElementCount > MAX_SHOWN) log.firstElementChild.remove()
  if (atEnd) log.scrollTop = log.scrollHeight
  return line
}

function showPeople() {
  const users = $BV.getUsers()
  const own = $BV.get('Us').peers().length
  people.replaceChildren(
    ...[...(own > 0 ? ['Us'] : []), ...users].map(alias => {
      const count = $BV.get(alias).peers().length
      const item = document.createElement('li')
      const dot = Object.assign(document.createElement('span'), { className: count > 0 ? 'dot good' : 'dot' })
      const name = Object.assign(document.createElement('span'), { className: 'name', textContent: alias })
      const words = Object.assign(document.createElement('span'), {
        className: 'small quiet',
        textContent: count === 0 ? 'not online' : count === 1 ? 'one page' : `${count} pages`
      })
      item.append(dot, name, words)
      if (alias === 'Us') return item
      const remove = Object.assign(document.createElement('button'), {
        type: 'button',
        className: 'plain',
        textContent: 'Trust no more',
        ariaLabel: `Trust no more: ${alias}`
      })
      remove.addEventListener('click', () =>
        tell(
          'claim-state',
          $BV.removeUser(alias).then(() => `You and ${alias} trust each other no more.`)
        )
      )
      item.append(remove)
      return item
    })
  )
  byId('nobody').hidden = people.childElementCount > 0
  const chosen = to.value
  to.replaceChildren(
    ...[['*', 'everybody'], ...(own > 0 ? [['Us', 'my other pages']] : []), ...users.map(alias => [alias, alias])].map(
      ([value, words]) => new Option(words, value, false, value === chosen)
    )
  )
}
showPeople()

byId('new-account').addEventListener('click', async () => {
  const words = byId('new-account-words')
  const answer = await fetch('../../api/users', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}'
  }).catch(() => undefined)
  const body = await answer?.json().catch(() => undefined)
  if (!answer?.ok) {
    words.textContent = body?.message ?? 'The proxy does not answer.'
    return
  }
  const link = Object.assign(document.createElement('a'), {
    href: body.link,
    target: '_blank',
    rel: 'noopener',
    textContent: 'this link'
  })
  words.replaceChildren('Open ', link, ', or give it to somebody: it is good once, for three days.')
})

// Only the proxy's own computer is told.
const state = await fetch('../../api/rendezvous').then(
  answer => answer.json(),
  () => ({})
)
byId('off').hidden = state.state !== 'off'
login.hidden = state.state === 'off'
