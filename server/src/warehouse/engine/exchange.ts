// The small part of ClickHouse's HTTP interface that its stock client uses: what a request asks for, and what errors
// and summaries look like. Pure: no sockets, no engine.
//
//   POST /?query=INSERT…FORMAT X&<setting>=…     body: rows
//   POST /?param_<name>=…&<setting>=…&query_id=… body: SQL
//   GET  /?query=SELECT…      GET /ping

/** One request, taken apart. */
export type Statement = {
  sql: string
  /** Rows of an INSERT whose SQL came in the URL; empty otherwise. */
  rows: Buffer
  database: string
  queryId: string
  settings: Map<string, string>
  /** Values as the URL has them: text escaped as in TabSeparated, which is what the engine expects. */
  params: Map<string, string>
  format: string
}

/** An INSERT that the engine can take as bytes. */
export type RowsInsert = { table: string; columns: string[]; format: string }

/** What ClickHouse counts about a statement. */
export type Summary = {
  readRows: number
  readBytes: number
  writtenRows: number
  writtenBytes: number
  seconds: number
}

/** An error of the engine, in ClickHouse's words. */
export class ClickHouseException extends Error {
  readonly code: number
  constructor(code: number, name: string, sentence: string) {
    super(`Code: ${code}. DB::Exception: ${sentence} (${name})`)
    this.code = code
  }
}

/** Parameters of the interface itself that are no settings of a query, and those that mean nothing without a network. */
const notSettings = new Set(
  `query query_id database default_format user password quota_key role
  session_id session_timeout session_check compress decompress buffer_size
  wait_end_of_query enable_http_compression send_progress_in_http_headers http_response_buffer_size
  http_headers_progress_interval_ms http_zlib_compression_level`.split(/\s+/),
)

/** Takes a request apart. Throws a ClickHouseException when it cannot be understood. */
export function readStatement(search: URLSearchParams, body: Buffer): Statement {
  const settings = new Map<string, string>()
  const params = new Map<string, string>()
  for (const [name, value] of search) {
    if (notSettings.has(name)) continue
    if (!/^\w+$/.test(name)) throw new ClickHouseException(115, 'UNKNOWN_SETTING', `Unknown setting '${name}'`)
    if (name.startsWith('param_')) params.set(name.slice('param_'.length), value)
    else settings.set(name, value)
  }
  const query = search.get('query') ?? ''
  return {
    sql: query === '' ? body.toString('utf8') : query,
    rows: query === '' ? Buffer.alloc(0) : body,
    database: search.get('database') ?? 'default',
    queryId: search.get('query_id') ?? crypto.randomUUID(),
    settings,
    params,
    format: search.get('default_format') ?? 'TabSeparated',
  }
}

const rowsInsert = /^\s*INSERT\s+INTO\s+(?:TABLE\s+)?(\w+(?:\.\w+)?)\s*(?:\(([\w\s,]*)\))?\s*FORMAT\s+(\w+)\s*;?\s*$/i
const rowFormats = new Set(['JSONEachRow', 'JSONCompactEachRow', 'TabSeparated', 'TSV', 'CSV'])

/** The table, columns and format of a plain `INSERT INTO t (a, b) FORMAT X`; null for any other statement. */
export function readRowsInsert(sql: string): RowsInsert | null {
  const match = rowsInsert.exec(sql)
  if (match === null || !rowFormats.has(match[3] ?? '')) return null
  const columns = (match[2] ?? '').split(',').map(column => column.trim())
  return { table: match[1] ?? '', columns: columns.filter(column => column !== ''), format: match[3] ?? '' }
}

/** Whether a statement's result can be given piece by piece. */
export function isSelect(sql: string): boolean {
  return /^\s*(?:\(\s*)*(?:SELECT|WITH)\b/i.test(sql)
}

/** A string as a SQL literal. */
export function sqlLiteral(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`
}

/** The status that ClickHouse would answer an error with. */
export function statusOf(code: number): number {
  if ([60, 81, 218, 16, 8].includes(code)) return 404
  if ([192, 193, 194, 497, 516].includes(code)) return 403
  if ([159, 160].includes(code)) return 408
  if (code === 48) return 501
  if ([209, 203, 210].includes(code)) return 503
  if ([6, 26, 27, 36, 38, 41, 42, 43, 44, 46, 47, 50, 53, 62, 70, 72, 115, 117, 119, 456, 457].includes(code))
    return 400
  return 500
}

/** The `X-ClickHouse-Summary` of a statement. */
export function summaryHeader(summary: Summary): string {
  return JSON.stringify({
    read_rows: String(summary.readRows),
    read_bytes: String(summary.readBytes),
    written_rows: String(summary.writtenRows),
    written_bytes: String(summary.writtenBytes),
    total_rows_to_read: '0',
    result_rows: String(summary.readRows),
    result_bytes: String(summary.readBytes),
    elapsed_ns: String(Math.round(summary.seconds * 1e9)),
  })
}
