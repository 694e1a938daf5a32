// The process: reads the configuration, listens, ends gracefully. Not the program's wiring (src/app.ts).
export {}
