// A QR code for a terminal, drawn with characters of half blocks.

/** Light modules around the code. ISO/IEC 18004 §7.3.8. */
const MARGIN = 4

/** Lines of text with the code. The characters draw the light modules; a terminal is told to show them white on black. */
export async function codeFor(text: string): Promise<string> {
  const { renderUnicodeCompact } = await import('uqr')
  const code = renderUnicodeCompact(text, { ecc: 'M', border: MARGIN })
  return process.stderr.isTTY ? code.replace(/^.*$/gm, '\x1b[97;40m$&\x1b[0m') : code
}
