// The turn queue of a running process: turns end with the event loop's turn, and stalled transports are found in time.
import type { QueueBudget } from '../core/hub/queue-budget.ts'
import { TurnQueue } from '../core/hub/turn-queue.ts'

/** How long presence rests after it was written, milliseconds. A rush of newcomers then costs each peer one write a rest. */
const PRESENCE_REST_MS = 10
/** How often transports over their limit are checked again, milliseconds. */
const STALL_CHECK_MS = 1000

/** Call `start` to have stalled transports found, and `stop` in the end. */
export class EventLoopTurns extends TurnQueue {
  #timer: NodeJS.Timeout | undefined

  /**
   * @param queues bounds the queues of all turn queues together
   * @param atEndOfTurn calls its argument once the events of the turn are over
   */
  constructor(queues: QueueBudget, atEndOfTurn: (run: () => void) => void = run => setImmediate(run)) {
    super(
      queues,
      () => performance.now(),
      atEndOfTurn,
      run => setTimeout(run, PRESENCE_REST_MS)
    )
  }

  start(): void {
    this.#timer = setInterval(() => this.checkStalled(), STALL_CHECK_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
