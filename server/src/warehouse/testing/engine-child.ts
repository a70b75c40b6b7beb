// An engine as a process of its own, for tests and benchmarks: node engine-child.ts <dir> <socketPath> <questions that may wait>.
// Says `open` to its parent, closes on SIGTERM, and ends when its parent does.

import { runEngine } from '../engine/engine.ts'

const [dir, socketPath, askQueueMax] = process.argv.slice(2) as [string, string, string]
const silent = () => {}
const engine = await runEngine({
  dir,
  socketPath,
  logger: { info: silent, warn: console.error, error: console.error },
  askSecondsMax: 30,
  askMemoryBytesMax: 400 * 1024 * 1024,
  askQueueMax: Number(askQueueMax),
  loadSecondsMax: 600,
  loadQueueMax: 64,
  bulkQueueMax: 8,
  memoryBytesMax: 1024 * 1024 * 1024,
  bodyBytesMax: 256 * 1024 * 1024,
})
const stop = () => void engine.close().then(() => process.exit(0))
process.once('SIGTERM', stop)
process.once('disconnect', stop)
process.on('message', () => process.send?.({ ...engine.status(), node: process.memoryUsage() }))
process.send?.('open')
