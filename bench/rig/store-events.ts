// Puts events into a warehouse that a server has made and left, as if they had come in over the past two months: text of
// 366 bytes, 100,000 users each with a click and a currency of their own, who register, log in, deposit, withdraw and, mostly,
// bet, every transaction another; made by ClickHouse itself, a million at a time, as loads of 100,000 with a note each.
// Then it waits until nothing is left to merge, for a while at most.
//
//   node bench/rig/store-events.ts WAREHOUSE DATABASE EVENTS

import { setTimeout as sleep } from 'node:timers/promises'
import { Session } from 'chdb'

const eventsPerInsert = 1_000_000
const spanMs = 5_184_000_000
const insertMsMax = 57_600_000
const eventsPerLoad = 100_000
const mergeSecondsMax = 300

const [warehouse = '', database = '', events = ''] = process.argv.slice(2)
/** Each insert is two thirds of a day or less, one event after the other, so that few partitions are open at once, as in life. */
const insertMs = Math.min(insertMsMax, Math.floor(spanMs / Math.ceil(Number(events) / eventsPerInsert)))
const session = new Session(warehouse)
const seqBefore = Number(session.query(`SELECT max(seq) FROM ${database}.loads`, 'TSV'))
for (let first = 0; first < Number(events); first += eventsPerInsert)
  session.query(insert(first, Math.min(eventsPerInsert, Number(events) - first)))
session.query(notes(Number(events)))
await merged()
session.close()

function insert(first: number, count: number): string {
  const columns = {
    product: "'bench'",
    mode: "'live'",
    key_id: "'key_stored'",
    request_id: 'generateUUIDv4(1)',
    position: 'number % 600',
    received_at: `now64(3) - toIntervalMillisecond(${spanMs} - ${Math.floor(first / eventsPerInsert) * insertMs}
      - toInt64((number - ${first}) * ${insertMs / eventsPerInsert}))`,
    log_offset: '0',
    load_seq: `${seqBefore} + 1 + intDiv(number, ${eventsPerLoad})`,
    identity: 'generateUUIDv4(2)',
    user: 'if(number < 100000, number, cityHash64(number) % 100000)',
    kind: 'if(number < 100000 AND number % 10 > 4, 9, if(number % 20 > 2, 3, number % 20))',
    event_name: "multiIf(kind = 9, 'register', kind = 0, 'deposit', kind = 1, 'login', kind = 2, 'withdraw', 'bet')",
    timestamp: 'received_at',
    client_user_id: "'user-' || leftPad(toString(user), 6, '0')",
    click_id: "if(kind IN (0, 1, 9), 'clk_' || toString(user % 60000), '')",
    ip_address: "if(kind = 3, '', '203.0.113.' || toString(number % 250))",
    game_type: "if(kind = 3, ['slot', 'live', 'poker', 'fish', 'crash', 'casino'][1 + number % 6], '')",
    game_provider: "if(kind = 3, 'provider ' || toString(number % 30), '')",
    canonical_game_type: "if(kind = 3, ['slot', 'live_casino', 'poker', 'fishing', 'crash', ''][1 + number % 6], '')",
    transaction_id: "if(kind IN (1, 9), '', 'tx-stored-' || leftPad(toString(number), 12, '0'))",
    amount: 'if(kind IN (1, 9), NULL, toDecimal128(1 + cityHash64(number) % 480, 18))',
    currency: "if(kind IN (1, 9), '', ['USD', 'EUR', 'BRL', 'JPY'][1 + user % 4])",
    currency_sent: 'currency',
    is_crypto: 'false',
    bet_result: "if(kind = 3, if(number % 3 = 0, 'win', 'loss'), '')",
    bet_result_amount: 'if(kind = 3, toDecimal128(cityHash64(number) % 700, 18), NULL)',
    raw: `rightPad('{"client_user_id":"' || client_user_id || '","event_name":"' || event_name || '","transaction_id":"' || transaction_id || '","session_id":"' || repeat(hex(cityHash64(number)), 20), 364, ' ') || '"}'`,
  }
  // `user` and `kind` are no columns: others are made from them.
  const names = Object.keys(columns).filter(name => name !== 'user' && name !== 'kind')
  const values = Object.entries(columns).map(([name, value]) => `${value} AS ${name}`)
  return `INSERT INTO ${database}.events (${names.join(', ')}) SELECT ${names.join(', ')} FROM (
    SELECT ${values.join(', ')} FROM numbers(${first}, ${count})) SETTINGS max_memory_usage = 0`
}

/** Where the last note ended, so does each of these: the log has nothing of them. */
function notes(count: number): string {
  const last = `(SELECT argMax(tuple(log_id, log_to, fingerprint, accepted, stored, duplicate, conflict, parked, rejected), seq)
    FROM ${database}.loads) AS last`
  const brought = `least(${count}, (number + 1) * ${eventsPerLoad})`
  return `INSERT INTO ${database}.loads (seq, log_id, log_from, log_to, fingerprint, token, loaded_at, accepted, stored,
      duplicate, conflict, parked, rejected)
    WITH ${last}
    SELECT ${seqBefore} + 1 + number, last.1, last.2, last.2, last.3, concat('stored ', toString(${seqBefore} + 1 + number)),
      now64(3), last.4 + ${brought}, last.5 + ${brought}, last.6, last.7, last.8, last.9
    FROM numbers(${Math.ceil(count / eventsPerLoad)})`
}

async function merged(): Promise<void> {
  const endMs = Date.now() + mergeSecondsMax * 1000
  do await sleep(1_000)
  while (session.query('SELECT count() FROM system.merges', 'TSV').trim() !== '0' && Date.now() < endMs)
}
