// What the command line takes from the environment, and its defaults. The only file of it that reads the environment.

import { userInfo } from 'node:os'

export type Environment = {
  adminUrl: string
  /** null: not given. */
  apiUrl: string | null
  dataDir: string
  /** null: it is in the data directory. */
  adminToken: string | null
  /** Who acts are recorded for; null: nobody knows. */
  actor: string | null
  apiKey: string | null
}

export function readEnvironment(env: Record<string, string | undefined> = process.env): Environment {
  return {
    adminUrl: env['DATAPULSE_ADMIN_URL'] || 'http://127.0.0.1:8081',
    apiUrl: env['DATAPULSE_API_URL'] || null,
    dataDir: env['DATAPULSE_DATA_DIR'] || './data',
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
