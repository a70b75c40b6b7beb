// Writes docs/benchmarks.md from the results in bench/results/.
//
//   node bench/report.ts

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { figures } from './figures/all.ts'
import { benchmarksPage } from './rig/page.ts'
import { root } from './rig/place.ts'
import { readResults } from './rig/results.ts'

const results = readResults()
if (results.length === 0) throw new Error('Cannot write the page because bench/results must hold a result: got none.')
writeFileSync(
  join(root, 'docs/benchmarks.md'),
  benchmarksPage(
    results,
    figures.map(figure => figure.name),
  ),
)
