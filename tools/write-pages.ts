// Writes the reference pages that are made from tables in the code. Tests compare them; this makes them anew.

import { writeFileSync } from 'node:fs'
import { configurationPage } from '../server/src/config-page.ts'
import { cliPage } from '../cli/src/cli-page.ts'
import { metricsPage } from '../server/src/metrics-page.ts'
import { clientPage } from './client-page.ts'
import { chinese } from './error-guide/chinese.ts'
import { english } from './error-guide/english.ts'
import { errorGuide } from './error-guide/error-guide.ts'

writeFileSync('docs/reference/cli.md', cliPage())
writeFileSync('docs/reference/client.md', clientPage())
writeFileSync('docs/reference/configuration.md', configurationPage())
writeFileSync('docs/reference/metrics.md', metricsPage())
writeFileSync('docs/guides/errors.md', errorGuide(english))
writeFileSync('docs/zh-Hant/guides/errors.md', errorGuide(chinese))
