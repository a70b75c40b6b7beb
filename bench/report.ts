// Writes docs/benchmarks.md from the results in bench/results/.
//
//   node bench/report.ts

import { figures } from './figures/all.ts'
import { writePage } from './rig/page.ts'

writePage(figures)
