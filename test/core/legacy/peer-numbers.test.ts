// Numbers of peers: chosen ones and given ones, unique, stable, mapped both ways.
import t from 'tap'
import { canonicalNumber, parseChosenNumber, PeerNumbers } from '../../../src/core/legacy/peer-numbers.ts'
import { seededRandom } from '../../support/random.ts'

/** Random bytes from a seed, or the given ones first. */
function bytesFrom(seed: number, ...first: number[][]): (count: number) => Uint8Array {
  const random = seededRandom(seed)
  return count => Uint8Array.from(first.shift() ?? Array.from({ length: count }, () => Math.floor(random() * 256)))
}

t.test('what a page may choose is kept as text', async t => {
  t.equal(parseChosenNumber('1234'), '1234')
  t.equal(parseChosenNumber('9007199254740993'), '9007199254740993', 'beyond 2^53')
  t.equal(parseChosenNumber('9999999999999999999'), '9999999999999999999')
  t.equal(parseChosenNumber('0123'), '123', 'a JSON number has no leading zeros')
  t.equal(parseChosenNumber('0000'), '0')
  for (const text of [
    '',
    '123',
    'abcd',
    '12a4',
    '-1234',
    '1234.5',
    '1e10',
    ' 1234',
    '1234\n',
    '１２３４',
    '1'.repeat(20)
  ])
    t.equal(parseChosenNumber(text), undefined, JSON.stringify(text))
  t.equal(canonicalNumber('00'), '0')
})

t.test('given numbers are below 2^53, have four digits or more, and are told apart', async t => {
  const numbers = new PeerNumbers(bytesFrom(1))
  const given = new Set<string>()
  for (let i = 0; i < 5000; i++) {
    const number = numbers.numberOf(`peer ${i}`)
    given.add(number)
    if (!/^[1-9]\d{3,15}$/.test(number) || Number(number) >= 2 ** 53) t.fail(number)
    if (numbers.peerIdOf(number) !== `peer ${i}` || numbers.numberOf(`peer ${i}`) !== number)
      t.fail('mapped both ways, and stable')
  }
  t.equal(given.size, 5000)
  const largest = new PeerNumbers(bytesFrom(1, [255, 255, 255, 255, 255, 255, 255]))
  t.equal(largest.numberOf('x'), String(2 ** 53 - 1))
})

t.test('a number that is taken, or too small, is never given', async t => {
  const numbers = new PeerNumbers(
    bytesFrom(
      1,
      [0, 0, 0, 0, 0, 0, 7],
      [0, 0, 0, 0, 0, 16, 0],
      [0, 0, 0, 0, 0, 16, 1],
      [0, 0, 0, 0, 0, 16, 1],
      [0, 0, 0, 0, 0, 16, 2]
    )
  )
  numbers.reserve('4096')
  t.equal(numbers.numberOf('a'), '4097')
  t.equal(numbers.numberOf('b'), '4098')
  t.ok(numbers.isTaken('4096'))
  t.equal(numbers.peerIdOf('4096'), undefined, 'nobody yet')
  numbers.assign('4096', 'c')
  t.equal(numbers.peerIdOf('4096'), 'c')
  t.equal(numbers.numberOf('c'), '4096')
})

t.test('a released number is free, and its peer gets another one', async t => {
  const numbers = new PeerNumbers(bytesFrom(2))
  const number = numbers.numberOf('a')
  numbers.releasePeer('a')
  t.notOk(numbers.isTaken(number))
  t.equal(numbers.peerIdOf(number), undefined)
  t.not(numbers.numberOf('a'), number)
  numbers.reserve('1234')
  numbers.assign('1234', 'b')
  numbers.release('1234')
  t.notOk(numbers.isTaken('1234'))
  t.not(numbers.numberOf('b'), '1234')
  numbers.release('1234')
  numbers.releasePeer('nobody')
})

t.test('names of Object.prototype are nothing special', async t => {
  const numbers = new PeerNumbers(bytesFrom(3))
  t.equal(numbers.peerIdOf('__proto__'), undefined)
  t.equal(numbers.peerIdOf(numbers.numberOf('__proto__')), '__proto__')
})
