// Standard input in parts: a first line, then the rest. Nothing is consumed beyond the part.

/** Longest first line, bytes. */
const MAX_LINE = 4096

/** The first line without its end, empty if there is none. The rest stays in the input. */
export async function readLine(input: NodeJS.ReadStream = process.stdin): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for (;;) {
    const chunk = input.read() as Buffer | null
    if (chunk !== null) {
      const end = chunk.indexOf(0x0a)
      if (end >= 0) {
        if (end + 1 < chunk.length) input.unshift(chunk.subarray(end + 1))
        return Buffer.concat([...chunks, chunk.subarray(0, end)])
          .toString()
          .trim()
      }
      chunks.push(chunk)
      size += chunk.length
      if (size > MAX_LINE) return ''
      continue
    }
    if (input.readableEnded || !(await readableAgain(input))) return Buffer.concat(chunks).toString().trim()
  }
}

/** Waits for more input; false at its end. */
async function readableAgain(input: NodeJS.ReadStream): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    const done = (more: boolean) => () => {
      input.off('readable', readable).off('end', ended).off('error', reject)
      resolve(more)
    }
    const readable = done(true)
    const ended = done(false)
    input.on('readable', readable).on('end', ended).on('error', reject)
  })
}

/** The rest of the input; undefined if it is larger than `max` bytes. */
export async function readRest(max: number, input: NodeJS.ReadStream = process.stdin): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of input as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > max) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
