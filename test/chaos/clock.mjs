// Preloaded into a proxy (node --import): SIGWINCH sets its wall clock by up to a day forward or back, as a user or NTP
// may. The monotonic clock jumps when the process is stopped for a while (SIGSTOP, SIGCONT), as in a sleeping machine.
const now = Date.now
let offset = 0
Date.now = () => now() + offset
process.on('SIGWINCH', () => {
  offset = Math.round((Math.random() * 2 - 1) * 86_400_000)
})
