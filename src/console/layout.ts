// Places in the picture of the network: this proxy in the middle, channels around it, other proxies around them. Pure
// geometry.

/** From this number on channels stand on three rings in turn, so that they do not cover each other. */
export const CROWD = 40
/** Up to this number channels stand near the proxies that share them. More channels stand at equal distances, in the same order. */
const FEW = 16
/** Most steps to move channels apart. */
const ROUNDS = 200

export type Place = { x: number; y: number; angle: number }

/** @param links with the keys of the channels that are shared @param channels their keys */
export function layOut(
  width: number,
  height: number,
  links: readonly { key: string; channels: readonly string[] }[],
  channels: readonly string[]
): { middle: Place; links: Map<string, Place>; channels: Map<string, Place> } {
  const middle = { x: width / 2, y: height / 2, angle: 0 }
  const margin = Math.min(70, width * 0.12)
  const outer = [width / 2 - margin, height / 2 - 34] as const
  const inner = 0.62
  const stagger = channels.length > CROWD ? 0.13 : 0
  const linkPlaces = new Map<string, Place>()
  links.forEach(({ key }, i) => linkPlaces.set(key, onEllipse(middle, outer, turn(i, links.length))))

  // A channel stands near the proxies that share it. Other channels fill the gaps.
  const angles = spread(
    fillGaps(
      channels.map(key =>
        sideOf(links.filter(link => link.channels.includes(key)).map(link => linkPlaces.get(link.key)?.angle ?? 0))
      )
    )
  )
  const channelPlaces = new Map<string, Place>()
  channels.forEach((key, i) => {
    const ring = inner + (((angles.order[i] ?? 0) % 3) - 1) * stagger
    channelPlaces.set(key, onEllipse(middle, [outer[0] * ring, outer[1] * ring], angles.values[i] ?? 0))
  })
  center([middle, ...linkPlaces.values(), ...channelPlaces.values()], width, height)
  return { middle, links: linkPlaces, channels: channelPlaces }
}

/** Moves all places to the middle. With one neighbour all would be on one side. */
function center(places: Place[], width: number, height: number) {
  const shift = (values: number[], size: number) => (size - Math.min(...values) - Math.max(...values)) / 2
  const [x, y] = [
    shift(
      places.map(place => place.x),
      width
    ),
    shift(
      places.map(place => place.y),
      height
    )
  ]
  for (const place of places) {
    place.x += x
    place.y += y
  }
}

/** The angle of one of several, the first at the top right. */
const turn = (index: number, count: number) =>
  (index / Math.max(count, 1)) * 2 * Math.PI - Math.PI / 2 + (count > 1 ? Math.PI / count : Math.PI / 2)

function onEllipse(middle: Place, radii: readonly [number, number], angle: number): Place {
  return { x: middle.x + radii[0] * Math.cos(angle), y: middle.y + radii[1] * Math.sin(angle), angle }
}

/** The middle direction, or undefined for none. */
function sideOf(angles: readonly number[]) {
  const x = angles.reduce((sum, angle) => sum + Math.cos(angle), 0)
  const y = angles.reduce((sum, angle) => sum + Math.sin(angle), 0)
  return Math.hypot(x, y) < 1e-6 ? undefined : Math.atan2(y, x)
}

/** Puts each missing direction in the middle of the widest gap. */
function fillGaps(angles: readonly (number | undefined)[]) {
  const taken = angles.filter(angle => angle !== undefined).toSorted((a, b) => a - b)
  return angles.map(angle => {
    if (angle !== undefined) return angle
    let best = { at: 0, width: 0, angle: Math.PI }
    taken.forEach((start, at) => {
      const width = (taken[at + 1] ?? (taken[0] ?? 0) + 2 * Math.PI) - start
      if (width > best.width) best = { at: at + 1, width, angle: start + width / 2 }
    })
    taken.splice(best.at, 0, best.angle)
    return best.angle
  })
}

/** Moves directions apart until neighbours have enough room. */
function spread(angles: readonly number[]) {
  const sorted = angles.map((angle, index) => ({ angle, index })).toSorted((a, b) => a.angle - b.angle)
  const step = (2 * Math.PI) / Math.max(angles.length, 1)
  if (angles.length > FEW) {
    const start = sideOf(sorted.map(({ angle }, place) => angle - place * step)) ?? 0
    sorted.forEach((each, place) => {
      each.angle = start + place * step
    })
  }
  const gap = Math.min(0.6, step * 0.98)
  for (let round = 0; round < ROUNDS; round++) {
    let moved = false
    for (let i = 0; i < sorted.length && sorted.length > 1; i++) {
      const [one, next] = [sorted[i], sorted[(i + 1) % sorted.length]]
      if (one === undefined || next === undefined) continue
      const distance = next.angle - one.angle + (i + 1 === sorted.length ? 2 * Math.PI : 0)
      if (distance >= gap - 1e-3) continue
      one.angle -= (gap - distance) / 2
      next.angle += (gap - distance) / 2
      moved = true
    }
    if (!moved) break
  }
  const values = Array.from(angles)
  const order = Array.from(angles)
  sorted.forEach(({ angle, index }, place) => {
    values[index] = angle
    order[index] = place
  })
  return { values, order }
}
