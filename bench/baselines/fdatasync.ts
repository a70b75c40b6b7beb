// The baseline of the acknowledgement: a bare fdatasync of the same bytes, one after the other, at the end of a growing
// file. Prints one line of JSON with the percentiles.
//
//   node bench/baselines/fdatasync.ts FILE BYTES SECONDS

import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { Histogram } from '../load/histogram.ts'

const [path = '', bytes = '', seconds = ''] = process.argv.slice(2)
const text = Buffer.alloc(Number(bytes), 'e')
const file = openSync(path, 'w')
const latency = new Histogram()
const endMs = performance.now() + Number(seconds) * 1000
for (let warm = 0; warm < 100; warm++) sync()
while (performance.now() < endMs) {
  const startMs = performance.now()
  sync()
  latency.record((performance.now() - startMs) * 1000)
}
closeSync(file)
console.log(JSON.stringify({ count: latency.count, ...latency.percentiles() }))

function sync(): void {
  writeSync(file, text)
  fdatasyncSync(file)
}
