// Rows of a CSV file as events. The first row names the columns; what becomes of each says the mapping. A row that does
// not fit is yielded with the reason and not sent; a quote that is not closed ends the file there, because nobody can
// say where the next row begins. One row at a time is held.

import { CsvError, parse } from 'csv-parse'
import { Readable } from 'node:stream'
import { Failure } from '../failure.ts'
import { type ColumnRule, eventOf, rulesFor, type Mapping } from './mapping.ts'
import type { Piece } from './pieces.ts'

type Row = { record: string[]; raw: string; info: { lines: number } }

const rowBytesMax = 1024 * 1024

/** Passes over the first `skip` rows behind the header. */
export async function* readCsv(
  texts: AsyncIterable<string>,
  options: { delimiter: string; mapping: Mapping; skip?: number },
): AsyncGenerator<Piece> {
  const { delimiter, mapping, skip = 0 } = options
  const parser = parse({
    delimiter,
    bom: true,
    info: true,
    raw: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: rowBytesMax,
  })
  const source = Readable.from(texts)
  // `pipe` leaves a fault of the source with the source.
  source.on('error', error => parser.destroy(error))
  let columns: ColumnRule[] | null = null
  let header: string[] = []
  let count = 0
  let linesBefore = 0
  try {
    for await (const row of source.pipe(parser) as AsyncIterable<Row>) {
      linesBefore = row.info.lines
      if (columns === null) {
        header = row.record
        columns = rulesFor(header, mapping)
      } else if (++count > skip) yield pieceOf(row, header, columns, mapping)
    }
  } catch (error) {
    if (error instanceof CsvError) throw notCsv(error, linesBefore + 1)
    throw error
  } finally {
    source.destroy()
  }
}

function pieceOf({ record, raw, info }: Row, header: string[], columns: ColumnRule[], mapping: Mapping): Piece {
  const text = raw.replace(/^[\r\n]+|[\r\n]+$/g, '')
  const line = info.lines - (text.split(/\r\n|\n|\r/).length - 1)
  if (record.length !== header.length) {
    const problem = `the row has ${record.length} cells and the header has ${header.length}`
    return { line, text, problem, raw: text }
  }
  const event = eventOf(record, columns, mapping)
  return 'problem' in event
    ? { line, text, problem: event.problem, raw: text }
    : { line, text: event.text, problem: null, raw: text }
}

function notCsv(error: CsvError, line: number): Failure {
  const isQuote = error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE'
  const why = isQuote ? `the row that begins in line ${line} has a quote that is not closed` : error.message
  return new Failure('NOT_CSV', `Cannot send the whole file as CSV because ${why}`)
}
