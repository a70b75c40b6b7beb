// What the command line takes from the environment, and its defaults, which are the server's own: who shares a shell with
// the server finds it. The only file of it that reads the environment.

import { userInfo } from 'node:os'
import { addressesOf } from '@datapulse/server/addresses'
import { options, textOf } from '@datapulse/server/config'

export type Environment = {
  adminUrl: string
  /** null: not given. */
  apiUrl: string | null
  /** Where the public port is by the server's own variables. */
  publicUrl: string
  dataDir: string
  /** null: it is in the data directory. */
  adminToken: string | null
  /** Who acts are recorded for; null: nobody knows. */
  actor: string | null
  apiKey: string | null
}

export function readEnvironment(env: Record<string, string | undefined> = process.env): Environment {
  const { adminUrl, publicUrl } = addressesOf(env)
  return {
    adminUrl: env['DATAPULSE_ADMIN_URL'] || adminUrl,
    apiUrl: env['DATAPULSE_API_URL'] || null,
    publicUrl,
    dataDir: textOf(options.dataDir, env),
    adminToken: env['DATAPULSE_ADMIN_TOKEN'] || null,
    actor: env['DATAPULSE_ACTOR'] || userName(),
    apiKey: env['DATAPULSE_API_KEY'] || null,
  }
}

/** Of whom this process is; there may be no name for the number. */
function userName(): string | null {
  try {
    return userInfo().username || null
  } catch {
    return null
  }
}
