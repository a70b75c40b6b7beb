// The baseline of the drain: chDB inserting rows by JSONEachRow and nothing else: no HTTP, no pipeline, no index, no
// checks. Takes the rows and the table as they lie in a warehouse that a server has filled (and left), keeps them in
// memory, and inserts them into an empty table of the same definition, in blocks of the size that the pipeline loads.
// Prints one line of JSON: the rate of each of the rounds.
//
//   node bench/baselines/chdb-insert.ts WAREHOUSE DATABASE ROWS ROWS_PER_INSERT ROUNDS

import { Session } from 'chdb'

const [warehouse = '', database = '', rows = '', rowsPerInsert = '', rounds = ''] = process.argv.slice(2)
const session = new Session(warehouse)
const blocks = readBlocks()
const definition = session
  .query(`SELECT create_table_query FROM system.tables WHERE database = '${database}' AND name = 'events'`, 'TSVRaw')
  .trim()
const rates: number[] = []
session.query('CREATE DATABASE IF NOT EXISTS baseline')
// The first round warms the engine up and is not counted.
for (let round = 0; round <= Number(rounds); round++) {
  session.query('DROP TABLE IF EXISTS baseline.events SYNC')
  session.query(definition.replace(`CREATE TABLE ${database}.events`, 'CREATE TABLE baseline.events'))
  const used = round === 0 ? blocks.slice(0, 3) : blocks
  const startMs = performance.now()
  for (const block of used)
    await session.insert({
      table: 'baseline.events',
      values: block.bytes,
      format: 'JSONEachRow',
      settings: { async_insert: 0 },
    })
  const seconds = (performance.now() - startMs) / 1000
  if (round > 0) rates.push(used.reduce((sum, block) => sum + block.rows, 0) / seconds)
}
session.query('DROP DATABASE baseline SYNC')
session.close()
console.log(JSON.stringify({ rates }))

function readBlocks(): { bytes: Buffer; rows: number }[] {
  const found: { bytes: Buffer; rows: number }[] = []
  for (let from = 0; from < Number(rows); from += Number(rowsPerInsert)) {
    const text = session.query(
      `SELECT * FROM ${database}.events ORDER BY log_offset, position LIMIT ${rowsPerInsert} OFFSET ${from}` +
        ' SETTINGS output_format_json_quote_decimals = 1, max_memory_usage = 0',
      'JSONEachRow',
    )
    const count = text.split('\n').length - 1
    if (count === 0) break
    found.push({ bytes: Buffer.from(text), rows: count })
  }
  return found
}
