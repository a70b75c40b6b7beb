// Writes the reference pages that are made from tables in the code. Tests compare them; this makes them anew.

import { writeFileSync } from 'node:fs'
import { configurationPage } from '../server/src/config-page.ts'
import { cliPage } from '../cli/src/cli-page.ts'
import { metricsPage } from '../server/src/metrics-page.ts'

writeFileSync('docs/reference/cli.md', cliPage())
writeFileSync('docs/reference/configuration.md', configurationPage())
writeFileSync('docs/reference/metrics.md', metricsPage())
