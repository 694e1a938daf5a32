// Memory after a peak: when garbage is collected.
import { EventEmitter, once } from 'node:events'
import t from 'tap'
import { giveBackAfterPeaks } from '../../src/platform/give-back.ts'

t.test('garbage is collected once after each peak', async t => {
  const MIB = 2 ** 20
  const looks = new EventEmitter()
  const story = [1, 40, 20, 2, 1, 1, 1, 1, 30, 1, 100, 30, 24, 24, 30, 24, 24, 24, 24, 0, 0, 0, 0, 0]
  const collected: number[] = []
  let look = -1
  const stop = giveBackAfterPeaks(
    () => {
      look += 1
      if (look === story.length - 1) setImmediate(() => looks.emit('over'))
      return (story[look] ?? 0) * MIB
    },
    () => collected.push(look),
    1
  )
  const keepAlive = setInterval(() => {}, 1000)
  await once(looks, 'over')
  stop()
  clearInterval(keepAlive)
  t.strictSame(collected, [7, 19])
})
