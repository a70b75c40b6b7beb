// Brings full segments into their final form, one at a time, beside the commits. Answers null, or why not yet.

import { parentPort, workerData } from 'node:worker_threads'
import { openSqliteStore } from './sqlite-store.ts'
import type { SegmentName } from './store.ts'

const store = openSqliteStore(workerData as string)
const main = parentPort!

main.on('message', (name: SegmentName) => {
  try {
    store.seal(name)
    main.postMessage(null)
  } catch (error) {
    main.postMessage(`Segment ${name.number} of the log could not be sealed yet: ${(error as Error).message}`)
  }
})
