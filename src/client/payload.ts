// The data of `send`: text, binary data, or a Blob.

/** The name of a value's class, which works across frames of a page too. */
function classOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1)
}

/** The bytes of a buffer or a view, not copied; undefined for other values. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return /^(?:Shared)?ArrayBuffer$/.test(classOf(value)) ? new Uint8Array(value as ArrayBuffer) : undefined
}

export function isBlob(value: unknown): value is Blob {
  return /^(?:Blob|File)$/.test(classOf(value))
}

export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}
