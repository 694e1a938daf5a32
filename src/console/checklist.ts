// The checklist for a computer that finds no other one: what the checks of the proxy measured, and what only people can see.
import type { Finding } from './answers.ts'
import { send } from './api.ts'
import { byId, copyFrom, keep, make, setText } from './dom.ts'

/** Another proxy is found within this time, or something is in the way. Milliseconds. */
const PATIENCE_MS = 3000
/** The checks wait for packets. Milliseconds. */
const CHECKS_MS = 30_000
/** Run in a copy of this folder. */
const INSTALL = 'npm ci && npm start'

const MARKS: Readonly<Record<string, string>> = { ok: '✓ ', note: '• ', problem: '✗ ', ask: '? ' }

interface Item {
  readonly level: string
  readonly title: string
  readonly text: string
}

/** Questions that no computer can answer, with the networks of this one. */
function questions(findings: readonly Finding[]): Item[] {
  const networks = findings.find(({ check, level }) => check === 'interfaces' && level === 'ok')?.text
  const here = networks === undefined ? '' : ` This one is at ${networks}.`
  return [
    { level: 'ask', title: 'same network', text: `Is the other computer in the same network?${here}` },
    { level: 'ask', title: 'guest Wi-Fi', text: 'Is one of the two in a guest Wi-Fi? It keeps devices apart.' }
  ]
}

/** @returns shows the checklist while this computer is alone */
export function wireChecklist(): (alone: boolean) => void {
  const place = byId('nobody')
  const again = byId('nobody-again') as HTMLButtonElement
  const install = byId('nobody-install')
  const copy = byId('nobody-copy')
  let aloneSince = Infinity
  let running = false
  let done = false

  async function run(): Promise<void> {
    if (running) return
    running = again.disabled = true
    setText(byId('nobody-state'), 'Checking …')
    try {
      const { findings } = await send<{ findings: Finding[] }>('GET', 'doctor', undefined, CHECKS_MS)
      const measured = findings
        .filter(({ code }) => code !== 'no-others')
        .map(({ level, check, text, remedy }) => ({
          level,
          title: check,
          text: remedy === undefined ? text : `${text}. ${remedy}`
        }))
      keep(
        byId('nobody-list'),
        [...measured, ...questions(findings)],
        ({ title, text }) => `${title} ${text}`,
        ({ level, title, text }) =>
          make(
            'li',
            { className: level },
            make('span', { 'aria-hidden': 'true' }, MARKS[level] ?? ''),
            make('strong', {}, title),
            level === 'problem' ? ', a problem: ' : ': ',
            text
          )
      )
      const problems = measured.filter(({ level }) => level === 'problem').length
      setText(
        byId('nobody-state'),
        problems === 0 ? 'This computer is ready. What is left to look at:' : 'This is in the way:'
      )
    } catch (error) {
      setText(byId('nobody-state'), (error as Error).message)
    }
    running = again.disabled = false
  }

  setText(install, INSTALL)
  copy.addEventListener('click', () => void copyFrom(copy, INSTALL))
  again.addEventListener('click', () => void run())
  return alone => {
    aloneSince = alone ? Math.min(aloneSince, performance.now()) : Infinity
    const patient = performance.now() - aloneSince < PATIENCE_MS
    place.hidden = !alone || patient
    if (!alone) done = false
    if (place.hidden || done) return
    done = true
    void run()
  }
}
