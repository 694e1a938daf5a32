// The QR codes of the console, for the terminal: the same file, which is plain JavaScript because browsers load it as it
// is. No second implementation.

interface QrModule {
  readonly qrCode: (text: string) => boolean[][]
}

/** Loads `qrCode`: from a text to rows of modules; true is dark, the light margin is not part of it. */
export async function loadQrCode(): Promise<QrModule['qrCode']> {
  // Two folders up in the sources as in the build.
  return ((await import(new URL('../../public/console/qr.js', import.meta.url).href)) as QrModule).qrCode
}
