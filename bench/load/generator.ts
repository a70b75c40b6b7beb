// The load generator as a process of its own, so that it can have a core of its own.
//
//   node bench/load/generator.ts '{"port":8080,"events":1,…}'     (see job.ts; the outcome is one line of JSON)

import type { Job } from './job.ts'
import { run } from './run.ts'

console.log(JSON.stringify(await run(JSON.parse(process.argv[2] ?? '{}') as Job)))
process.exit(0)
