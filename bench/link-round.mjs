// The cost of a matching round for each side, and the longest piece of it that holds the event loop when driven with a
// budget of 5 ms; also the AEAD by record size. Not a link: no frames, no network.
// Run: node --import ./tools/typescript.mjs bench/link-round.mjs
import { performance } from 'node:perf_hooks'
import { RoundInitiator } from '../src/core/link/matching/round/round-initiator.ts'
import { RoundResponder } from '../src/core/link/matching/round/round-responder.ts'
import { createCrypto } from '../src/plugins/crypto/index.ts'
import { nativeSeal } from '../src/plugins/crypto/primitives.ts'
import { median } from './support.mjs'

const BUDGET_MS = 5
const RUNS = 7
const { link: primitives } = await createCrypto()

/** Runs a computation in slices of the budget, and adds their time to `side`. */
function drive(sliced, side) {
  for (;;) {
    const [started, cpu] = [performance.now(), process.cpuUsage()]
    let step
    do step = sliced.next()
    while (step.done !== true && performance.now() - started < BUDGET_MS)
    const took = performance.now() - started
    const { user, system } = process.cpuUsage(cpu)
    side.total += took
    side.longest = Math.max(side.longest, took)
    side.longestCpu = Math.max(side.longestCpu, Math.min(took, (user + system) / 1000))
    if (step.done === true) return step.value
  }
}

/** The value of a step; a round between honest sides has no fault. */
function value(result) {
  if (!result.ok) throw new Error(result.reason)
  return result.value
}

function names(count, prefix) {
  return Array.from({ length: count }, (_, index) => new TextEncoder().encode(`${prefix}-${index}`))
}

const side = () => ({ total: 0, longest: 0, longestCpu: 0 })

function round(size, common) {
  const context = {
    r: 0,
    L: primitives.randomBytes(64),
    idI: primitives.randomBytes(16),
    idR: primitives.randomBytes(16),
    primitives
  }
  const [sideI, sideR] = [side(), side()]
  const shared = names(common, 'shared')
  const namesI = [...shared, ...names(size - common, 'initiator')]
  const namesR = [...shared, ...names(size - common, 'responder')]
  const started = performance.now()
  const initiator = new RoundInitiator(context, namesI, 0)
  sideI.total += performance.now() - started
  const responder = new RoundResponder(context)
  const m1 = drive(initiator.m1(), sideI)
  const m2 = value(drive(responder.onM1(m1, namesR, 0), sideR))
  const { m3 } = value(drive(initiator.onM2(m2), sideI))
  const m4 = value(
    drive(
      responder.onM3(m3, () => true),
      sideR
    )
  )
  const m5 = value(drive(initiator.onM4(m4), sideI))
  const { m6 } = value(drive(responder.onM5(m5), sideR))
  const confirmed = value(drive(initiator.onM6(m6), sideI))
  if (confirmed.length !== common) throw new Error('a match is missing')
  return { sideI, sideR }
}

for (let warm = 0; warm < 20; warm++) round(64, 64)
for (const size of [8, 64, 512]) {
  for (const common of [0, size]) {
    const runs = Array.from({ length: RUNS }, () => round(size, common))
    const of = pick => median(runs.map(pick)).toFixed(1)
    // Wall time includes the time of other processes; CPU time is that of the round itself in the slice.
    const longest = pick => Math.max(...runs.flatMap(run => [pick(run.sideI), pick(run.sideR)])).toFixed(1)
    console.log(
      `${size}/${size}, ${common} in common: I ${of(run => run.sideI.total)} ms, R ${of(run => run.sideR.total)} ms; ` +
        `longest slice of ${RUNS} runs ${longest(one => one.longest)} ms, of CPU time ${longest(one => one.longestCpu)} ms`
    )
  }
}

/** Median microseconds of a call, over batches. */
function microseconds(call) {
  const batches = Array.from({ length: 9 }, () => {
    const started = performance.now()
    for (let run = 0; run < 500; run++) call()
    return (performance.now() - started) * 2
  })
  return median(batches).toFixed(1)
}

const [key, nonce, none] = [primitives.randomBytes(32), primitives.randomBytes(12), new Uint8Array(0)]
for (const length of [64, 512, 1024, 2048, 3071, 3072, 4096, 8192, 65_519]) {
  const text = primitives.randomBytes(length)
  console.log(
    `seal ${length} bytes: as chosen ${microseconds(() => primitives.aeadSeal(key, nonce, none, text))} µs, node:crypto ${microseconds(() => nativeSeal(key, nonce, none, text))} µs`
  )
}
