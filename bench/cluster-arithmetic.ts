// The measured costs applied to 10, 1000 and 100 000 clients: the table of docs/SCALING.md. Measures nothing.

/** Costs in microseconds of one processor. */
export interface Costs {
  /** Of a delivery, on one proxy. */
  readonly one: number
  /** Of a delivery, on four proxies of a cluster together. */
  readonly four: number
  /** Of the broker, per delivery. */
  readonly broker: number
}

/** A processor that works half of its time has room for a rush. */
const BUSY = 0.5
/** Clients that one process carries well: memory and file handles, not CPU, at rest. */
const CLIENTS_PER_PROCESS = 10_000

const spaced = (value: number) =>
  Math.floor(value)
    .toString()
    .replace(/(\d)(?=(\d{3})+$)/g, '$1 ')
const rate = (value: number) => (value >= 100 ? spaced(value) : value.toFixed(value >= 10 ? 0 : 2))

/** The table, with the numbers that it is made of. */
export function arithmetic({ one, four, broker }: Costs): string {
  const budget = BUSY * 1e6
  const rows = [10, 1000, 100_000].map(clients => {
    const proxies = Math.max(1, Math.ceil(clients / CLIENTS_PER_PROCESS))
    const cost = proxies === 1 ? one : four
    const perSecond = (proxies * budget) / (clients * cost)
    const deliveries = perSecond * clients
    return `| ${spaced(clients)} | ${proxies} | ${rate(perSecond)} | ${spaced(deliveries)} | ${proxies === 1 ? '–' : `${((deliveries * broker) / 1e6).toFixed(2)} processors`} |`
  })
  return `| clients in one channel | processes | messages/s at half a processor each | deliveries/s | broker |
| --- | --- | --- | --- | --- |
${rows.join('\n')}

messages/s = processes × 0.5 s of CPU ÷ (clients × cost of a delivery), with ${one.toFixed(2)} µs on one process and
${four.toFixed(2)} µs in a cluster; a process for every ${spaced(CLIENTS_PER_PROCESS)} clients. The broker delivers each message once per process, not per client.`
}
