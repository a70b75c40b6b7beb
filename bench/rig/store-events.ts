// Puts events into a warehouse that a server has made and left, as if they had come in over the past two months: the same
// columns, values of the same shape and spread (text of 366 bytes, 100,000 users, every transaction another), made by
// ClickHouse itself, a million at a time. Then it waits until nothing is left to merge, for a while at most.
//
//   node bench/rig/store-events.ts WAREHOUSE DATABASE EVENTS

import { setTimeout as sleep } from 'node:timers/promises'
import { Session } from 'chdb'

const eventsPerInsert = 1_000_000
const mergeSecondsMax = 300

const [warehouse = '', database = '', events = ''] = process.argv.slice(2)
const session = new Session(warehouse)
for (let first = 0; first < Number(events); first += eventsPerInsert)
  session.query(insert(first, Math.min(eventsPerInsert, Number(events) - first)))
await merged()
session.close()

function insert(first: number, count: number): string {
  const columns = {
    product: "'bench'",
    mode: "'live'",
    key_id: "'key_stored'",
    request_id: 'generateUUIDv4(1)',
    position: 'number % 600',
    // Each insert is two thirds of a day, so that few partitions are open at once, as in life.
    received_at: `now64(3) - toIntervalSecond(5184000 - ${Math.floor(first / eventsPerInsert) * 57_600} - number % 57600)`,
    log_offset: '0',
    load_seq: '1',
    identity: 'generateUUIDv4(2)',
    event_name: "if(number % 4 = 0, 'deposit', 'bet')",
    timestamp: 'received_at',
    client_user_id: "'user-' || leftPad(toString(cityHash64(number) % 100000), 6, '0')",
    click_id: "if(number % 4 = 0, 'clk_' || toString(cityHash64(number) % 1000000), '')",
    ip_address: "if(number % 4 = 0, '203.0.113.' || toString(number % 250), '')",
    game_type: "if(number % 4 = 0, '', 'slot')",
    game_provider: "if(number % 4 = 0, '', 'EA')",
    transaction_id: "'tx-stored-' || leftPad(toString(number), 12, '0')",
    amount: 'toDecimal128(1 + cityHash64(number) % 480, 18)',
    currency: "['USD', 'EUR', 'BRL', 'JPY'][1 + number % 4]",
    currency_sent: 'currency',
    is_crypto: 'false',
    bet_result: "if(number % 4 = 0, '', 'loss')",
    raw: `rightPad('{"client_user_id":"' || client_user_id || '","event_name":"' || event_name || '","transaction_id":"' || transaction_id || '","session_id":"' || repeat(hex(cityHash64(number)), 20), 364, ' ') || '"}'`,
  }
  const names = Object.keys(columns).join(', ')
  const values = Object.entries(columns).map(([name, value]) => `${value} AS ${name}`)
  return `INSERT INTO ${database}.events (${names}) SELECT ${values.join(', ')} FROM numbers(${first}, ${count}) SETTINGS max_memory_usage = 0`
}

async function merged(): Promise<void> {
  const endMs = Date.now() + mergeSecondsMax * 1000
  do await sleep(1_000)
  while (session.query('SELECT count() FROM system.merges', 'TSV').trim() !== '0' && Date.now() < endMs)
}
