// The tables of the warehouse, column by column, in the words of the wire where the wire has one.
// The questions to come are by product, event name, user, click, transaction and time, so `events` is a plain
// MergeTree ordered by product, mode, name and time of the event (nothing is in it twice: duplicates are found before
// loading), in partitions by month of receipt: a backfill of years touches few partitions, retention drops whole ones.
// Everything else that is looked up by value has a bloom filter. Whatever a replicated cluster would have otherwise
// is in `engines` and `tableSettings` alone.

export type Column = {
  name: string
  type: string
  /** What the column holds; becomes its comment in ClickHouse. */
  about: string
  codec?: string
}

export type Table = {
  name: string
  about: string
  columns: Column[]
  partitionBy?: string
  orderBy: string
  indexes?: string[]
  /** `rows` when it is not said. */
  engine?: keyof typeof engines
  /** Beside those of every table. */
  settings?: Record<string, number>
  /** Gone with the engine's process. */
  inMemory?: true
}

/** Loads whose repetition is recognised: the last one is enough, the rest is for the careful. */
const deduplicationWindow = 1000

/** ClickHouse keeps the text of its last hundred deletions, and who they name, in files: here of the last alone. */
export const mutationsKept = { finished_mutations_to_keep: 1 }

/**
 * The engines of tables and the settings that make a load and a merge durable: what an insert or a merge writes is
 * synced before it counts, and the parts that a merge replaces stay on disk for ten minutes.
 */
const engines = { rows: 'MergeTree', sums: 'AggregatingMergeTree' }
const tableSettings: Record<string, number> = {
  ...mutationsKept,
  fsync_after_insert: 1,
  fsync_part_directory: 1,
  min_rows_to_fsync_after_merge: 1,
  min_compressed_bytes_to_fsync_after_merge: 1,
  old_parts_lifetime: 600,
  min_bytes_for_wide_part: 67108864,
  non_replicated_deduplication_window: deduplicationWindow,
}

/** How columns are compressed. */
export const text = 'ZSTD(1)'
export const time = 'Delta(8), ZSTD(1)'

const originColumns: Column[] = [
  { name: 'product', type: 'LowCardinality(String)', about: 'id of the product' },
  { name: 'mode', type: "Enum8('live' = 1, 'test' = 2)", about: 'kind of the key it was sent with' },
  { name: 'key_id', type: 'LowCardinality(String)', about: 'id of the key it was sent with' },
  { name: 'request_id', type: 'UUID', about: 'the request it came in', codec: text },
  { name: 'position', type: 'UInt32', about: 'its index in the request, from 0', codec: text },
  { name: 'received_at', type: "DateTime64(3, 'UTC')", about: 'when the API received it', codec: time },
  { name: 'log_offset', type: 'UInt64', about: 'the record of the log it came from', codec: time },
  { name: 'load_seq', type: 'UInt64', about: 'the load that brought it, see loads', codec: time },
  { name: 'idempotency_key', type: 'String', about: "the request's Idempotency-Key, or empty", codec: text },
]

const eventColumns: Column[] = [
  { name: 'identity', type: 'UUID', about: 'what makes it this event: 128 bits of a hash', codec: 'NONE' },
  { name: 'event_name', type: 'LowCardinality(String)', about: 'its name, trimmed, exact case' },
  { name: 'timestamp', type: "DateTime64(3, 'UTC')", about: 'when it happened, as the partner says', codec: time },
  { name: 'client_user_id', type: 'String', about: "the partner's id of the user", codec: text },
  { name: 'click_id', type: 'String', about: 'the click it belongs to, or empty', codec: text },
  { name: 'ip_address', type: 'String', about: "the user's address, or empty", codec: text },
  { name: 'user_agent', type: 'String', about: "the user's browser, or empty", codec: text },
  { name: 'game_type', type: 'LowCardinality(String)', about: 'as sent, or empty' },
  { name: 'game_provider', type: 'LowCardinality(String)', about: 'as sent, or empty' },
  { name: 'transaction_id', type: 'String', about: 'id of the transaction, or empty', codec: text },
  { name: 'parent_transaction_id', type: 'String', about: "a settlement's bet, or empty", codec: text },
  { name: 'message_id', type: 'String', about: "the sender's id of this message, or empty", codec: text },
  { name: 'amount', type: 'Nullable(Decimal(38, 18))', about: 'null when none was sent', codec: text },
  { name: 'currency', type: 'LowCardinality(String)', about: 'upper case, what is compared; or empty' },
  { name: 'currency_sent', type: 'LowCardinality(String)', about: 'the currency as sent' },
  { name: 'is_crypto', type: 'Bool', about: 'whether the currency is a crypto currency' },
  {
    name: 'bet_result',
    type: "Enum8('' = 0, 'win' = 1, 'loss' = 2, 'unknown' = 3)",
    about: "a bet's result; unknown: something else was sent",
  },
  { name: 'bet_result_amount', type: 'Nullable(Decimal(38, 18))', about: "the player's net result", codec: text },
  { name: 'flags', type: 'Array(LowCardinality(String))', about: 'notes on the quality of what was sent' },
  { name: 'raw', type: 'String', about: "the event's text as sent", codec: text },
]

const word = 'LowCardinality(String)'

/** What the steps made of it; empty where it is not known. */
export const derivedColumns: Column[] = [
  { name: 'country', type: word, about: 'of the address: ISO 3166-1 alpha-2' },
  { name: 'city', type: word, about: 'of the address, in English' },
  { name: 'device_class', type: word, about: 'of the user agent, such as Mobile' },
  { name: 'device_name', type: word, about: 'of the user agent: maker and model' },
  { name: 'operating_system_name', type: word, about: 'of the user agent' },
  { name: 'operating_system_version', type: word, about: 'of the user agent' },
  { name: 'agent_name', type: word, about: 'of the user agent, such as Chrome' },
  { name: 'agent_class', type: word, about: 'of the user agent, such as Browser' },
  { name: 'canonical_game_type', type: word, about: 'what game_type means' },
]

/** What a load brought is asked for at every start: without reading the columns of all that came before. */
const byLoadSeq = 'INDEX by_load_seq load_seq TYPE minmax GRANULARITY 4'
const byIdempotencyKey = 'INDEX by_idempotency_key idempotency_key TYPE bloom_filter(0.01) GRANULARITY 1'

export const events: Table = {
  name: 'events',
  about: 'Every event once.',
  columns: [...originColumns, ...eventColumns, ...derivedColumns],
  partitionBy: 'toYYYYMM(received_at)',
  orderBy: 'product, mode, event_name, timestamp, request_id, position',
  indexes: [
    'INDEX by_received received_at TYPE minmax GRANULARITY 1',
    'INDEX by_log_offset log_offset TYPE minmax GRANULARITY 4',
    byLoadSeq,
    'INDEX by_user client_user_id TYPE bloom_filter(0.01) GRANULARITY 1',
    'INDEX by_click click_id TYPE bloom_filter(0.01) GRANULARITY 1',
    'INDEX by_transaction transaction_id TYPE bloom_filter(0.01) GRANULARITY 1',
    'INDEX by_parent parent_transaction_id TYPE bloom_filter(0.01) GRANULARITY 1',
    'INDEX by_message message_id TYPE bloom_filter(0.01) GRANULARITY 1',
    'INDEX by_request request_id TYPE bloom_filter(0.01) GRANULARITY 1',
    byIdempotencyKey,
  ],
}

export const duplicates: Table = {
  name: 'duplicates',
  about: 'Events that were there before, and what differed.',
  columns: [
    ...originColumns,
    ...eventColumns,
    { name: 'first_request_id', type: 'UUID', about: 'the request of the event that stands', codec: text },
    { name: 'first_position', type: 'UInt32', about: 'its index in that request', codec: text },
    { name: 'conflict', type: 'Bool', about: 'whether amount, currency or user differ from the event that stands' },
  ],
  partitionBy: 'toYYYYMM(received_at)',
  orderBy: 'product, mode, conflict, received_at, request_id, position',
  indexes: [
    'INDEX by_transaction transaction_id TYPE bloom_filter(0.01) GRANULARITY 1',
    'INDEX by_identity identity TYPE bloom_filter(0.01) GRANULARITY 1',
    'INDEX by_request request_id TYPE bloom_filter(0.01) GRANULARITY 1',
    byIdempotencyKey,
  ],
}

export const parked: Table = {
  name: 'parked',
  about: 'What could not be processed, with the reason; and requests that were refused at the door (reason rejected).',
  columns: [
    ...originColumns.map(column =>
      column.name === 'position'
        ? {
            ...column,
            type: 'Int32',
            about: 'its index in the request; -1: the whole request or stretch of the log; -2: a rejected request',
          }
        : column,
    ),
    { name: 'events', type: 'UInt64', about: 'how many events it stands for' },
    { name: 'reason', type: 'LowCardinality(String)', about: 'code of the reason' },
    { name: 'detail', type: 'String', about: 'the reason in words', codec: text },
    { name: 'raw', type: 'String', about: 'its text as sent', codec: text },
  ],
  partitionBy: 'toYYYYMM(received_at)',
  orderBy: 'product, mode, received_at, request_id, position',
  indexes: ['INDEX by_request request_id TYPE bloom_filter(0.01) GRANULARITY 1'],
}

export const rejected: Table = {
  name: 'rejected',
  about: 'How many events were refused at the door: one row per second, product, key and code.',
  columns: [
    { name: 'product', type: 'LowCardinality(String)', about: 'id of the product, or empty when no key was known' },
    { name: 'key_id', type: 'LowCardinality(String)', about: 'id of the key, or empty' },
    { name: 'code', type: 'LowCardinality(String)', about: 'why' },
    { name: 'received_at', type: "DateTime64(3, 'UTC')", about: 'when', codec: time },
    { name: 'events', type: 'UInt64', about: 'how many events' },
    { name: 'requests', type: 'UInt64', about: 'in how many requests' },
    { name: 'log_offset', type: 'UInt64', about: 'the record of the log it came from', codec: time },
    { name: 'position', type: 'UInt32', about: 'its index in that record' },
    { name: 'load_seq', type: 'UInt64', about: 'the load that brought it, see loads', codec: time },
  ],
  partitionBy: 'toYYYYMM(received_at)',
  orderBy: 'product, received_at, log_offset, position',
}

const most = 'SimpleAggregateFunction(max, UInt64)'

export const keyUsage: Table = {
  name: 'key_usage',
  about:
    'How much keys were used, in slots of ten seconds: one row per slot, key and process of the API, with the largest numbers that were told.',
  columns: [
    { name: 'product', type: 'LowCardinality(String)', about: 'id of the product' },
    { name: 'key_id', type: 'LowCardinality(String)', about: 'id of the key' },
    { name: 'at', type: "DateTime('UTC')", about: 'when the slot begins', codec: 'Delta(4), ZSTD(1)' },
    { name: 'source', type: 'UInt64', about: 'which process counted', codec: text },
    { name: 'rate_limit', type: most, about: 'requests that the key might send in a rolling minute', codec: text },
    { name: 'peak', type: most, about: 'the most that were in that minute', codec: text },
    { name: 'requests', type: most, about: 'how many the limit admitted', codec: text },
    { name: 'over_limit', type: most, about: 'how many the limit refused', codec: text },
    { name: 'rejected', type: most, about: 'how many were admitted, and refused for another reason', codec: text },
    { name: 'events', type: most, about: 'how many events were accepted', codec: text },
  ],
  partitionBy: 'toYYYYMMDD(at)',
  orderBy: 'product, key_id, at, source',
  engine: 'sums',
  settings: { non_replicated_deduplication_window: 0 },
}

export const loads: Table = {
  name: 'loads',
  about: 'One row per load, written last: the truth about how far the log has been processed, and the running totals.',
  columns: [
    { name: 'seq', type: 'UInt64', about: '1, 2, 3 …', codec: time },
    { name: 'log_id', type: 'UUID', about: 'which log', codec: text },
    { name: 'log_from', type: 'UInt64', about: 'first offset of the load', codec: time },
    { name: 'log_to', type: 'UInt64', about: 'the offset behind its last', codec: time },
    { name: 'fingerprint', type: 'String', about: 'checksum of the record before log_to', codec: text },
    { name: 'token', type: 'String', about: 'what the load was recognised by', codec: text },
    { name: 'loaded_at', type: "DateTime64(3, 'UTC')", about: 'when', codec: time },
    ...['accepted', 'stored', 'duplicate', 'conflict', 'parked', 'rejected'].map(name => ({
      name,
      type: 'UInt64',
      about: `running total of ${name} events`,
      codec: time,
    })),
  ],
  orderBy: 'seq',
}

export const rates: Table = {
  name: 'rates',
  about: 'Exchange rates, every import of every month. Of a month, the last import counts.',
  columns: [
    { name: 'month', type: 'UInt32', about: 'such as 202606: of the event' },
    { name: 'base_currency', type: 'LowCardinality(String)', about: 'what amounts are converted to' },
    { name: 'currency', type: 'LowCardinality(String)', about: 'upper case' },
    { name: 'rate', type: 'Decimal(38, 18)', about: 'units of the currency for one of the base' },
    { name: 'generated_at', type: "DateTime64(3, 'UTC')", about: 'when the file was made, as it says' },
    { name: 'imported_at', type: "DateTime64(3, 'UTC')", about: 'when it was imported' },
    { name: 'import_id', type: 'UUID', about: 'the import' },
  ],
  orderBy: 'month, currency, imported_at',
}

export const resolutions: Table = {
  name: 'resolutions',
  about: 'What operators decided about conflicts: a row when it was decided, another when it was carried out.',
  columns: [
    { name: 'id', type: 'UUID', about: 'the decision' },
    { name: 'product', type: 'LowCardinality(String)', about: 'id of the product' },
    { name: 'mode', type: "Enum8('live' = 1, 'test' = 2)", about: 'kind of the key' },
    { name: 'request_id', type: 'UUID', about: 'the request of the event that came later' },
    { name: 'position', type: 'UInt32', about: 'its index in that request' },
    { name: 'first_request_id', type: 'UUID', about: 'the request of the event that stood until then' },
    { name: 'first_position', type: 'UInt32', about: 'its index in that request' },
    { name: 'identity', type: 'UUID', about: 'what both have in common' },
    { name: 'stands', type: "Enum8('first' = 1, 'later' = 2)", about: 'which of them stands from then on' },
    { name: 'reason', type: 'String', about: 'why, in words' },
    { name: 'state', type: "Enum8('decided' = 1, 'done' = 2)", about: 'how far it has got' },
    { name: 'decided_at', type: "DateTime64(3, 'UTC')", about: 'when it was decided' },
  ],
  orderBy: 'product, decided_at, id, state',
}

/** Facts about the warehouse itself: its id. */
export const factsTable: Table = {
  name: 'warehouse',
  about: 'Facts about this warehouse.',
  columns: [
    { name: 'name', type: 'String', about: 'which fact' },
    { name: 'value', type: 'String', about: 'what it is' },
    { name: 'written_at', type: "DateTime64(3, 'UTC')", about: 'when it was written' },
  ],
  orderBy: 'name, written_at',
}

/** The statement that creates a table. */
export function createTable(table: Table): string {
  const columns = table.columns.map(column => `  ${declare(column)}`)
  if (table.inMemory) return `CREATE TABLE IF NOT EXISTS ${table.name} (\n${columns.join(',\n')}\n) ENGINE = Memory`
  const settings = Object.entries({ ...tableSettings, ...table.settings }).map(([name, value]) => `${name} = ${value}`)
  return [
    `CREATE TABLE IF NOT EXISTS ${table.name} (`,
    [...columns, ...(table.indexes ?? []).map(index => `  ${index}`)].join(',\n'),
    `) ENGINE = ${engines[table.engine ?? 'rows']}`,
    ...(table.partitionBy === undefined ? [] : [`PARTITION BY ${table.partitionBy}`]),
    `ORDER BY (${table.orderBy})`,
    `SETTINGS ${settings.join(', ')}`,
    `COMMENT ${quote(table.about)}`,
  ].join('\n')
}

/** The statement that gives an older table these settings; again without effect. */
export function changeSettings(table: Table, settings: Record<string, number>): string {
  const changes = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
  return `ALTER TABLE ${table.name} MODIFY SETTING ${changes.join(', ')}`
}

/** The statement that brings an older table an index, for what is written from then on; again without effect. */
export function addIndex(table: Table, name: string): string {
  const index = table.indexes?.find(one => one.split(' ')[1] === name)
  if (index === undefined) throw new Error(`Cannot add an index because ${table.name} must have it: got ${name}`)
  return `ALTER TABLE ${table.name} ADD ${index.replace('INDEX', 'INDEX IF NOT EXISTS')}`
}

/** The statement that brings an older table a column and, when it has one, the index over it; again without effect. */
export function addColumn(table: Table, name: string): string {
  const at = table.columns.findIndex(column => column.name === name)
  const column = table.columns[at]
  if (column === undefined) throw new Error(`Cannot add a column because ${table.name} must have it: got ${name}`)
  const place = at === 0 ? 'FIRST' : `AFTER \`${table.columns[at - 1]?.name}\``
  const changes = [`ADD COLUMN IF NOT EXISTS ${declare(column)} ${place}`]
  for (const index of table.indexes ?? []) {
    if (index.split(' ')[2] === name) changes.push(`ADD ${index.replace('INDEX', 'INDEX IF NOT EXISTS')}`)
  }
  return `ALTER TABLE ${table.name} ${changes.join(', ')}`
}

function declare({ name, type, about, codec }: Column): string {
  return `\`${name}\` ${type} COMMENT ${quote(about)}${codec === undefined ? '' : ` CODEC(${codec})`}`
}

export function quote(sentence: string): string {
  return `'${sentence.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
