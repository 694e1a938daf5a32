// Draws QR codes.
import { encode } from '../lib/qr.js'
import { draw } from './dom.js'

/** Light modules around the code. ISO/IEC 18004 §7.3.8. */
const MARGIN = 4

/** @param {string} text */
export function drawCode(text) {
  const { size, data } = encode(text, { ecc: 'M', border: MARGIN })
  const dark = data.flatMap((row, y) => row.flatMap((module, x) => (module ? [`M${x} ${y}h1v1h-1z`] : [])))
  return draw(
    'svg',
    { viewBox: `0 0 ${size} ${size}`, role: 'img', 'aria-label': 'QR code of the link' },
    draw('rect', { width: size, height: size, fill: '#fff' }),
    draw('path', { d: dark.join(''), fill: '#000' })
  )
}
