// Writes the reference pages that are made from tables in the code. Tests compare them; this makes them anew.

import { writeFileSync } from 'node:fs'
import { configurationPage } from '../server/src/config-page.ts'

writeFileSync('docs/reference/configuration.md', configurationPage())
