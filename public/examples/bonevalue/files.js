// Files over BoneValue: an offer that somebody has to accept, then parts of the file, four at a time. Nothing of the page
// is known here. Each part is a request of its own, so a file is as large as one likes and never in a message as a whole.

/** Bytes of a part: as text in base64 it fits in one message of a data channel. */
const PART = 45_000
const AT_ONCE = 4
const MAX_SIZE = 500e6

/**
 * Sends a file.
 *
 * @param {import('../../lib/bonevalue.js').BoneValue} $BV
 * @param {{ id: string }} peer
 * @param {File} file
 * @param {(share: number) => void} progress 0 to 1
 * @returns {Promise<number>} how long it took, in seconds
 */
export async function sendFile($BV, { id }, file, progress) {
  const ask = (/** @type {string} */ module, /** @type {object} */ data) =>
    new Promise((resolve, reject) => {
      $BV.get(id).message(module, data, true, answer => {
        if (answer?.err) reject(new Error(answer.err))
        else resolve(answer)
      })
    })
  const { transfer } = await ask('Example.File', { name: file.name, size: file.size })
  const started = performance.now()
  let next = 0
  let done = 0
  const work = async () => {
    while (next < file.size) {
      const at = next
      next += PART
      const part = file.slice(at, at + PART)
      await ask('Example.FilePart', { transfer, at, bytes: await toBase64(part) })
      done += part.size
      progress(done / file.size)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  await ask('Example.FileEnd', { transfer })
  return Math.max(0.001, (performance.now() - started) / 1000)
}

/**
 * A file that is on its way.
 *
 * @typedef {object} Transfer
 * @property {string} peer
 * @property {string} name of its user
 * @property {string} words
 * @property {string} fileName
 * @property {number} size
 * @property {number} received bytes
 * @property {Uint8Array<ArrayBuffer>[]} parts
 */

/**
 * Takes files.
 *
 * @param {import('../../lib/bonevalue.js').BoneValue} $BV
 * @param {object} page
 * @param {(name: string, words: string) => Promise<boolean>} page.asked asks its user
 * @param {(name: string, words: string, address: string, fileName: string) => void} page.received shows what has come
 */
export function answerFiles($BV, page) {
  /** @type {Map<number, Transfer>} Files that are on their way, by their number. */
  const transfers = new Map()
  let number = 0

  $BV.module('Example.File', async ({ request, callback, peer, name }) => {
    const { name: fileName, size } = Object(request)
    if (typeof fileName !== 'string' || !Number.isSafeInteger(size) || size < 0 || size > MAX_SIZE)
      return callback({ err: 'That is no file, or one above 500 MB.' })
    const words = `${fileName.slice(0, 100)} (${sizeInWords(size)})`
    if (!(await page.asked(name, words))) return callback({ err: 'The other one does not want it.' })
    const transfer = ++number
    transfers.set(transfer, { peer, name, words, fileName, size, received: 0, parts: [] })
    callback({ transfer })
  })

  /** Those of the peer who asks alone. @param {import('../../lib/bonevalue.js').ModuleRequest} e */
  const find = ({ request, peer }) => {
    const transfer = transfers.get(Object(request).transfer)
    return transfer?.peer === peer ? transfer : undefined
  }

  $BV.module('Example.FilePart', e => {
    const transfer = find(e)
    const { at, bytes } = Object(e.request)
    const part = fromBase64(bytes)
    if (
      !transfer ||
      part === undefined ||
      part.length > PART ||
      at % PART !== 0 ||
      at < 0 ||
      at >= transfer.size ||
      transfer.parts[at / PART]
    )
      return e.callback({ err: 'This part does not belong to a file.' })
    transfer.parts[at / PART] = part
    transfer.received += part.length
    e.callback({ ok: true })
  })

  $BV.module('Example.FileEnd', e => {
    const transfer = find(e)
    if (transfer?.received !== transfer?.size || !transfer) return e.callback({ err: 'Parts are missing.' })
    transfers.delete(e.request.transfer)
    page.received(transfer.name, transfer.words, URL.createObjectURL(new Blob(transfer.parts)), transfer.fileName)
    e.callback({ ok: true })
  })

  $BV.on('peerdisconnect', id => {
    for (const [transfer, { peer }] of transfers) if (peer === id) transfers.delete(transfer)
  })
}

/** @param {number} bytes */
function sizeInWords(bytes) {
  return bytes < 1000
    ? `${bytes} bytes`
    : bytes < 1e6
      ? `${(bytes / 1000).toFixed(0)} KB`
      : `${(bytes / 1e6).toFixed(1)} MB`
}

/** @param {Blob} blob @returns {Promise<string>} */
function toBase64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(/** @type {string} */ (reader.result).replace(/^[^,]*,?/, ''))
    reader.onerror = () => reject(new Error('The file cannot be read.'))
    reader.readAsDataURL(blob)
  })
}

/** @param {string} text @returns {Uint8Array<ArrayBuffer> | undefined} */
function fromBase64(text) {
  try {
    return Uint8Array.from(atob(text), letter => letter.charCodeAt(0))
  } catch {
    return undefined
  }
}
