// Stands in for vitest: collects the tests that a suite of another project defines, so that tap runs them.
import assert from 'node:assert/strict'

/** @type {{ name: string, run: () => Promise<void> | void }[]} */
export const collected = []

export function describe(_name, define) {
  define()
}

export function it(name, run) {
  collected.push({ name, run })
}

export function expect(actual) {
  return {
    toMatchObject(expected) {
      for (const [key, value] of Object.entries(expected)) assert.deepEqual(actual[key], value)
    }
  }
}
