// Draws QR codes as pictures of the page, of at least the size that cameras can read.
import { encode } from 'uqr'
import { draw } from './dom.ts'

/** Light modules around the code. ISO/IEC 18004 §7.3.8. */
const MARGIN = 4
/** Cameras and programs read smaller modules badly, CSS pixels. */
const LEAST_MODULE = 4
const LEAST_WIDTH = 208

export function drawCode(text: string) {
  const { size, data } = encode(text, { ecc: 'M', border: MARGIN })
  const dark = data.flatMap((row, y) => row.flatMap((module, x) => (module ? [`M${x} ${y}h1v1h-1z`] : [])))
  const width = Math.max(LEAST_WIDTH, size * LEAST_MODULE)
  return draw(
    'svg',
    { width, height: width, viewBox: `0 0 ${size} ${size}`, role: 'img', 'aria-label': 'QR code of the link' },
    draw('rect', { width: size, height: size, fill: '#fff' }),
    draw('path', { d: dark.join(''), fill: '#000' })
  )
}
