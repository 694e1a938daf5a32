// How many lines of the log of this process could not be written. The log counts, the metrics show it.

export const logDrops = { lines: 0 }
