// Reads the numbers of a proxy as a scraper does.

/** Values by `name{labels}`. */
export type Metrics = Map<string, number>

/** Lines by `name{labels}`; throws on a line that the format does not have. */
function parse(text: string): Metrics {
  const metrics: Metrics = new Map()
  const declared = new Set<string>()
  for (const line of text.split('\n').slice(0, -1)) {
    const declaration = /^# (?:HELP|TYPE) ([a-z_]+) ./.exec(line)
    if (declaration !== null) {
      declared.add(declaration[1]!)
      continue
    }
    if (line === '') continue
    const sample = /^([a-z_]+)(\{(?:[a-z_]+="[^"\\\n]*",?)*\})? (-?[\d.e+-]+|Nan)$/.exec(line)
    if (sample === null) throw new Error(`no sample: ${line}`)
    if (!declared.has(sample[1]!) && !declared.has(sample[1]!.replace(/_(bucket|sum|count)$/, '')))
      throw new Error(`not declared: ${line}`)
    metrics.set(`${sample[1]!}${sample[2] ?? ''}`, Number(sample[3]))
  }
  return metrics
}

/** Asks for the numbers once. */
export async function scrape(address: string): Promise<{ metrics: Metrics; text: string }> {
  const response = await fetch(`${address}/api/metrics`)
  if (response.status !== 200) throw new Error(`${response.status}`)
  const text = await response.text()
  return { metrics: parse(text), text }
}
