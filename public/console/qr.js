// QR codes: from text to a square of dark and light modules, as ISO/IEC 18004 has it. Byte mode, error correction level
// M, versions 1 to 15. Pure arithmetic; how it is drawn is in share-dialog.js.

/** Codewords for error correction in each block, and number of blocks, by version; level M. ISO/IEC 18004, table 9. */
const CHECK_WORDS = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24]
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10]

/** The eight masks: whether the module at x, y is inverted. @type {((x: number, y: number) => boolean)[]} */
const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (_x, y) => y % 2 === 0,
  (x, _y) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0
]

/** Powers of 2 in the field of 256 elements with the polynomial 0x11d, and the logarithms to them. */
const POWERS = new Uint8Array(255)
const LOGARITHMS = new Uint8Array(256)
for (let i = 0, value = 1; i < 255; i++) {
  POWERS[i] = value
  LOGARITHMS[value] = i
  value = (value << 1) ^ (value > 127 ? 0x11d : 0)
}

/** @type {(a: number, b: number) => number} */
const multiply = (a, b) => (a === 0 || b === 0 ? 0 : POWERS[(LOGARITHMS[a] + LOGARITHMS[b]) % 255])

/** Modules that carry codewords in a version, remainder bits included. @param {number} version */
function dataModules(version) {
  const aligned = version < 2 ? 0 : Math.floor(version / 7) + 2
  const patterns = version < 2 ? 0 : (25 * aligned - 10) * aligned - 55
  return (16 * version + 128) * version + 64 - patterns - (version < 7 ? 0 : 36)
}

/** Codewords of data in a version. @param {number} version */
const dataWords = version => Math.floor(dataModules(version) / 8) - CHECK_WORDS[version - 1] * BLOCKS[version - 1]

/** Centres of the alignment patterns. @param {number} version */
function alignmentCentres(version) {
  if (version === 1) return []
  const count = Math.floor(version / 7) + 2
  const step = Math.floor((version * 8 + count * 3 + 5) / (count * 4 - 4)) * 2
  return [6, ...Array.from({ length: count - 1 }, (_, i) => version * 4 + 10 - step * (count - 2 - i))]
}

/** The remainder by which a receiver can mend the block. @param {Uint8Array} block @param {number} length */
function checkWords(block, length) {
  let generator = [1]
  for (let i = 0; i < length; i++) {
    const shifted = [...generator, 0]
    generator.forEach((factor, j) => {
      shifted[j + 1] ^= multiply(factor, POWERS[i])
    })
    generator = shifted
  }
  const remainder = new Uint8Array(block.length + length)
  remainder.set(block)
  for (let i = 0; i < block.length; i++) {
    const factor = remainder[i]
    generator.forEach((each, j) => {
      remainder[i + j] ^= multiply(each, factor)
    })
  }
  return remainder.slice(block.length)
}

/** Mode, length, bytes, end, filling. @param {Uint8Array} bytes @param {number} version */
function dataOf(bytes, version) {
  const bits = /** @type {number[]} */ ([])
  const put = (/** @type {number} */ value, /** @type {number} */ length) => {
    for (let i = length - 1; i >= 0; i--) bits.push((value >> i) & 1)
  }
  put(4, 4)
  put(bytes.length, version < 10 ? 8 : 16)
  for (const byte of bytes) put(byte, 8)
  const words = dataWords(version)
  put(0, Math.min(4, words * 8 - bits.length))
  while (bits.length % 8 !== 0) bits.push(0)
  for (let filling = 0xec; bits.length < words * 8; filling ^= 0xec ^ 0x11) put(filling, 8)
  return Uint8Array.from({ length: words }, (_, i) => Number.parseInt(bits.slice(i * 8, i * 8 + 8).join(''), 2))
}

/** All codewords in the order of their placement: blocks interleaved. @param {Uint8Array} data @param {number} version */
function interleave(data, version) {
  const count = BLOCKS[version - 1]
  const short = Math.floor(data.length / count)
  const shortBlocks = count - (data.length % count)
  const blocks = Array.from({ length: count }, (_, i) => {
    const start = i * short + Math.max(0, i - shortBlocks)
    return data.slice(start, start + short + (i < shortBlocks ? 0 : 1))
  })
  const checks = blocks.map(block => checkWords(block, CHECK_WORDS[version - 1]))
  const words = /** @type {number[]} */ ([])
  for (const rows of [blocks, checks]) {
    for (let i = 0; i < rows[count - 1].length; i++) for (const row of rows) if (i < row.length) words.push(row[i])
  }
  return words
}

/** Appends the remainder of a division by a polynomial. @param {number} value @param {number} polynomial @param {number} length bits */
function withRemainder(value, polynomial, length) {
  let rest = value << length
  for (let i = 31 - Math.clz32(rest); i >= length; i--) if ((rest >> i) & 1) rest ^= polynomial << (i - length)
  return (value << length) | rest
}

/** The square: undefined where data belongs. @param {number} version */
function patterns(version) {
  const size = version * 4 + 17
  const square = Array.from({ length: size }, () =>
    Array.from({ length: size }, () => /** @type {boolean | undefined} */ (undefined))
  )
  const set = (/** @type {number} */ x, /** @type {number} */ y, /** @type {boolean} */ dark) => {
    if (square[y] !== undefined && x >= 0 && x < size) square[y][x] = dark
  }
  for (let i = 0; i < size; i++) {
    set(6, i, i % 2 === 0)
    set(i, 6, i % 2 === 0)
  }
  for (const [left, top] of [
    [3, 3],
    [size - 4, 3],
    [3, size - 4]
  ]) {
    for (let dy = -4; dy <= 4; dy++) {
      for (let dx = -4; dx <= 4; dx++) {
        const ring = Math.max(Math.abs(dx), Math.abs(dy))
        set(left + dx, top + dy, ring !== 2 && ring !== 4)
      }
    }
  }
  const centres = alignmentCentres(version)
  for (const y of centres) {
    for (const x of centres) {
      if ((x === 6 && (y === 6 || y === size - 7)) || (x === size - 7 && y === 6)) continue
      for (let dy = -2; dy <= 2; dy++)
        for (let dx = -2; dx <= 2; dx++) set(x + dx, y + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1)
    }
  }
  if (version >= 7) {
    const bits = withRemainder(version, 0x1f25, 12)
    for (let i = 0; i < 18; i++) {
      const [a, b] = [size - 11 + (i % 3), Math.floor(i / 3)]
      set(a, b, ((bits >> i) & 1) === 1)
      set(b, a, ((bits >> i) & 1) === 1)
    }
  }
  setFormat(square, 0) // Keeps the places.
  return square
}

/** Writes level and mask, twice. @param {(boolean | undefined)[][]} square @param {number} mask */
function setFormat(square, mask) {
  const size = square.length
  const bits = withRemainder(mask, 0x537, 10) ^ 0x5412 // Level M is 00.
  for (let i = 0; i < 15; i++) {
    const dark = ((bits >> i) & 1) === 1
    square[i < 6 ? i : i < 8 ? i + 1 : size - 15 + i][8] = dark
    square[8][i < 8 ? size - 1 - i : i < 9 ? 7 : 14 - i] = dark
  }
  square[size - 8][8] = true
}

/** How hard it is to read, as the standard counts it. @param {boolean[][]} square */
function penaltyOf(square) {
  const size = square.length
  let penalty = 0
  let dark = 0
  const lines = [...square, ...square.map((_, x) => square.map(row => row[x]))]
  for (const line of lines) {
    const text = line.map(Number).join('')
    for (const { length } of text.match(/0{5,}|1{5,}/g) ?? []) penalty += length - 2
    for (const pattern of ['10111010000', '00001011101']) {
      for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1)) penalty += 40
    }
  }
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if (square[y][x]) dark++
      if (
        x > 0 &&
        y > 0 &&
        square[y][x] === square[y][x - 1] &&
        square[y][x] === square[y - 1][x] &&
        square[y][x] === square[y - 1][x - 1]
      )
        penalty += 3
    }
  }
  return penalty + Math.floor(Math.abs(dark * 20 - size * size * 10) / (size * size)) * 10
}

/**
 * The QR code of a text, as rows of modules; true is dark. The light margin of four modules is not part of it.
 *
 * @param {string} text at most 412 bytes of UTF-8
 * @param {number} [mask] 0 to 7, for tests; otherwise the one that is easiest to read
 * @returns {boolean[][]}
 * @throws {RangeError} where it is longer
 */
export function qrCode(text, mask) {
  const bytes = new TextEncoder().encode(text)
  const version = BLOCKS.findIndex((_, i) => bytes.length <= dataWords(i + 1) - (i < 9 ? 2 : 3)) + 1
  if (version === 0) throw new RangeError('The text is too long for a QR code.')
  const words = interleave(dataOf(bytes, version), version)
  const square = patterns(version)
  const size = square.length
  const free = /** @type {[number, number][]} */ ([])
  // Two columns at a time from the right, up and down in turn; the column of the timing pattern is passed over.
  for (let right = size - 1, up = true; right > 0; right -= right === 8 ? 3 : 2, up = !up) {
    for (let step = 0; step < size; step++) {
      const y = up ? size - 1 - step : step
      for (const x of [right, right - 1]) if (square[y][x] === undefined) free.push([x, y])
    }
  }
  const draw = (/** @type {number} */ mask) => {
    const drawn = square.map(row => row.map(Boolean))
    free.forEach(([x, y], i) => {
      drawn[y][x] = ((((words[i >> 3] ?? 0) >> (7 - (i % 8))) & 1) === 1) !== MASKS[mask](x, y)
    })
    setFormat(drawn, mask)
    return drawn
  }
  if (mask !== undefined) return draw(mask)
  return MASKS.map((_, i) => draw(i)).reduce((best, next) => (penaltyOf(next) < penaltyOf(best) ? next : best))
}
