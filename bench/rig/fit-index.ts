// Makes an index of identities fit a warehouse into which ClickHouse has put events itself (store-events.ts): it is told
// that it knows them, which it does not. Questions do not look there, and making it anew takes longer than all else.
//
//   node bench/rig/fit-index.ts WAREHOUSE DATABASE INDEX

import { Session } from 'chdb'
import { levelIndexPlace } from '../../server/src/pipeline/index/level-index.ts'
import type { LoadNote } from '../../server/src/warehouse/load.ts'

const [warehouse = '', database = '', indexDir = ''] = process.argv.slice(2)
const session = new Session(warehouse)
const warehouseId = session.query(`SELECT value FROM ${database}.warehouse WHERE name = 'id'`, 'TSV').trim()
const row = JSON.parse(
  session.query(
    `SELECT seq, log_id AS logId, log_from AS from, log_to AS to, fingerprint, token,
      toUnixTimestamp64Milli(loaded_at) AS loadedMs, accepted, stored, duplicate, conflict, parked, rejected
    FROM ${database}.loads ORDER BY seq DESC LIMIT 1 SETTINGS output_format_json_quote_64bit_integers = 0`,
    'JSONEachRow',
  ),
) as Omit<LoadNote, 'totals'> & LoadNote['totals']
session.close()
const { accepted, stored, duplicate, conflict, parked, rejected, ...rest } = row
const note: LoadNote = { ...rest, totals: { accepted, stored, duplicate, conflict, parked, rejected } }

const place = levelIndexPlace(indexDir)
await place.wipe()
const index = await place.open()
await index.commit(index.stage([]), { warehouseId, note, uncounted: null })
await index.close()
