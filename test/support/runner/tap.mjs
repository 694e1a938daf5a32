// Stands in for tap in a worker of the runner: the same library, but the default export is the test of the file that runs,
// and not the one test of the process.
export * from 'tap'

let current
export { current as default }

/** Makes this the test of the file that runs. */
export function setCurrent(test) {
  current = test
}
