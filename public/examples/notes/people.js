// The people who write: their names and their colours, and where they write. Peers may send anything, so the editor gets no more
// of it than a name and a place in the text.
import { createAbsolutePositionFromRelativePosition } from '../../lib/networkwebsockets-yjs.js'

/** @typedef {import('../../lib/networkwebsockets-yjs.js').Awareness} Awareness */

/** @param {any} state of a client @returns {string} */
export function nameOf(state) {
  const { name } = Object(state?.user)
  return (typeof name === 'string' && name.trim().slice(0, 30)) || 'somebody'
}

/** The hue of a client, on every page the same. @param {number} client */
export const hueOf = client => (client * 137) % 360

/** The awareness for the editor. @param {Awareness} awareness */
export function withColours(awareness) {
  /** @param {any} place */
  const exists = place => {
    try {
      return createAbsolutePositionFromRelativePosition(place, awareness.doc) !== null
    } catch {
      return false
    }
  }
  const getStates = () =>
    new Map(
      Array.from(awareness.getStates(), ([client, state]) => {
        const { anchor, head } = Object(state['cursor'])
        const hue = hueOf(client)
        const user = {
          name: nameOf(state),
          color: `light-dark(oklch(0.49 0.14 ${hue}), oklch(0.78 0.12 ${hue}))`,
          colorLight: `oklch(0.65 0.13 ${hue} / 0.25)`
        }
        return [client, { user, cursor: exists(anchor) && exists(head) ? { anchor, head } : null }]
      })
    )
  return Object.create(awareness, { getStates: { value: getStates } })
}
