// The steps over the databases that the configuration names, for the roles that derive: the pipeline, and the web role,
// which answers dry runs.

import type { Config } from '../config.ts'
import { openPlaceDatabases } from '../place-database.ts'
import { type Derive, deriveWith } from '../steps/derive.ts'

export async function openDerive(config: Config): Promise<Derive> {
  return deriveWith(await openPlaceDatabases({ country: config.countryDatabase, city: config.cityDatabase }))
}
