// The rules of the game: the places of ball and paddles, and how they change. No canvas, no channel, no clock.

export const WIDTH = 800
export const HEIGHT = 450
export const PADDLE = 90
const RADIUS = 8
const EDGE = 24
const SPEED = 320
const FASTER = 1.06
const MAX_SPEED = 900

/** @typedef {{ x: number, y: number, vx: number, vy: number }} Ball pixels, and pixels per second */

/** A ball in the middle. @param {-1 | 1} direction @param {number} slope between -1 and 1 */
export function serve(direction, slope) {
  return { x: WIDTH / 2, y: HEIGHT / 2, vx: direction * SPEED, vy: slope * SPEED * 0.7 }
}

/** The ball after some seconds of free flight. Walls return it. @param {Ball} ball @param {number} seconds @returns {Ball} */
export function fly({ x, y, vx, vy }, seconds) {
  y += vy * seconds
  if (y < RADIUS || y > HEIGHT - RADIUS) {
    vy = y < RADIUS ? Math.abs(vy) : -Math.abs(vy)
    y = Math.min(HEIGHT - RADIUS, Math.max(RADIUS, y))
  }
  return { x: x + vx * seconds, y, vx, vy }
}

/**
 * The ball after a paddle may have hit it.
 *
 * @param {Ball} ball
 * @param {number} left middle of the left paddle
 * @param {number} right middle of the right one
 * @returns {{ ball: Ball, point?: 'left' | 'right' }} `point`: the side that scores, if the ball has passed the other
 */
export function hit(ball, left, right) {
  const side = ball.vx < 0 ? -1 : 1
  const line = side < 0 ? EDGE + RADIUS : WIDTH - EDGE - RADIUS
  if ((ball.x - line) * side < 0) return { ball }
  const offset = (ball.y - (side < 0 ? left : right)) / (PADDLE / 2)
  if (Math.abs(offset) <= 1.15 && (ball.x - line) * side < 30) {
    const speed = Math.min(MAX_SPEED, Math.abs(ball.vx) * FASTER)
    return { ball: { ...ball, x: line, vx: -side * speed, vy: offset * speed * 0.8 } }
  }
  return ball.x < -30 || ball.x > WIDTH + 30 ? { ball, point: side < 0 ? 'right' : 'left' } : { ball }
}

/** A paddle's middle within the field. @param {number} y */
export const within = y => Math.min(HEIGHT - PADDLE / 2, Math.max(PADDLE / 2, y))
