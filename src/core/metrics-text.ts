// Puts metrics of several processes together, in the text format of Prometheus.

interface Family {
  /** The lines `# HELP` and `# TYPE`. */
  readonly head: readonly string[]
  readonly samples: string[]
}

/** Merges texts. Each sample gets a label with the name of its process. @param label such as `worker` */
export function mergeMetrics(label: string, texts: ReadonlyMap<string, string>): string {
  const families = new Map<string, Family>()
  for (const [process, text] of texts) {
    let head: string[] = []
    let family: Family | undefined
    for (const line of text.split('\n')) {
      if (line === '') continue
      if (line.startsWith('#')) {
        if (line.startsWith('# HELP ')) head = []
        head.push(line)
        const name = line.split(' ')[2]!
        family = families.get(name) ?? { head, samples: [] }
        families.set(name, family)
        continue
      }
      family?.samples.push(labelled(line, `${label}="${process}"`))
    }
  }
  return [...families.values()].flatMap(({ head, samples }) => [...head, ...samples, '']).join('\n')
}

/** Adds a label to a sample. */
function labelled(line: string, label: string): string {
  const space = line.indexOf(' ')
  const brace = line.indexOf('{')
  if (brace < 0 || brace > space) return `${line.slice(0, space)}{${label}}${line.slice(space)}`
  return `${line.slice(0, brace + 1)}${label},${line.slice(brace + 1)}`
}
