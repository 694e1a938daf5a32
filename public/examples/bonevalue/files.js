// Files over BoneValue: the file transfers of the client library, with the requests of $BV as the way between two pages. So
// they go from browser to browser and through no server. Nothing of the page is known here.
import { createTransfers } from '../../lib/networkwebsockets-files.js'

/** Requests that may wait for an answer of one page. */
const AT_ONCE = 8
/** Characters that are made of bytes at once. */
const PIECE = 0x8000

/**
 * The transfers with the pages of users who trust this one.
 *
 * @param {import('../../lib/bonevalue.js').BoneValue} $BV
 * @returns {import('../../lib/networkwebsockets-files.js').FileTransfers}
 */
export function filesOver($BV) {
  /** @type {Set<string>} */
  const peers = new Set()
  /** Requests without an answer. */
  let waiting = 0
  /** @type {(() => void)[]} */
  const blocked = []
  const isFull = () => waiting >= AT_ONCE

  const ask = (/** @type {string} */ peer, /** @type {object} */ data) => {
    waiting++
    $BV.get(peer).message('Example.Files', data, true, () => {
      waiting--
      for (const go of blocked.splice(0)) go()
    })
  }
  const transfers = createTransfers({
    tell: (json, peer) => {
      for (const id of peer === undefined ? peers : [peer]) ask(id, { json })
    },
    frame: (_peer, length) => ({ bytes: new Uint8Array(length), start: 0 }),
    send: ({ bytes }, peer) => ask(peer, { part: toBase64(bytes) }),
    ready: async () => {
      while (isFull()) await new Promise(go => blocked.push(/** @type {() => void} */ (go)))
    }
  })
  const { channel } = transfers
  channel.joined([])

  // Others may send anything.
  $BV.module('Example.Files', ({ request, callback, peer }) => {
    const { json, part } = Object(request)
    if (typeof json === 'string') channel.receivedJson(peer, parse(json))
    else channel.receivedBytes(peer, fromBase64(part))
    callback({})
  })
  $BV.on('peerconnect', ({ id }) => {
    peers.add(id)
    channel.came(id)
  })
  $BV.on('peerdisconnect', id => {
    peers.delete(id)
    channel.left(id)
  })
  return transfers
}

/** @param {string} json @returns {unknown} */
function parse(json) {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** @param {Uint8Array} bytes */
function toBase64(bytes) {
  let text = ''
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE))
  return btoa(text)
}

/** @param {unknown} text */
function fromBase64(text) {
  try {
    return Uint8Array.from(atob(String(text)), letter => letter.charCodeAt(0))
  } catch {
    return new Uint8Array()
  }
}
