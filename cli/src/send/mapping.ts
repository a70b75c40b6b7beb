// What becomes of each column of a CSV file: the field that it fills, and how its cells are read. A column that nobody
// speaks of keeps its name. A number's digits leave as they came; what is not of the wanted type leaves as text, and
// the server says what is wrong with it. An empty cell is no field.

import { fields, misspelledFields } from '@datapulse/contract'
import { Failure } from '../failure.ts'
import { readTime } from './time.ts'

export type CellType = 'text' | 'number' | 'boolean' | 'time' | 'json'
export type Target = { field: string; type: CellType }

export type Mapping = {
  /** By the name of the column; null leaves it out. */
  columns: Map<string, Target | null>
  /** Fields that every event gets. */
  set: { target: Target; text: string }[]
  /** Columns that nobody speaks of are left out. */
  onlyMapped: boolean
  /** Of times that do not say theirs. */
  timeZone: string | null
}

/** One for each column, in their order; null for those that are left out. */
export type ColumnRule = Target | null

export const cellTypes: readonly CellType[] = ['text', 'number', 'boolean', 'time', 'json']

/** `amount` or `level:number`; without a type it is that of the contract's field, or text. */
export function readTarget(text: string): Target {
  const [, field = text, type] = /^(.+):([a-z]+)$/s.exec(text) ?? []
  if (type !== undefined && cellTypes.includes(type as CellType)) return { field, type: type as CellType }
  return { field: text, type: typeOf(text) }
}

/** Throws when the columns cannot make events, with what would help. */
export function rulesFor(header: string[], mapping: Mapping): ColumnRule[] {
  const unknown = [...mapping.columns.keys()].filter(name => !header.includes(name))
  if (unknown.length > 0)
    throw bad(
      `there is no column ${unknown.map(quoted).join(', ')}`,
      `its columns are ${header.map(quoted).join(', ')}`,
    )
  const rules = header.map(name => {
    const said = mapping.columns.get(name)
    if (said !== undefined) return said
    return mapping.onlyMapped || name === '' ? null : { field: name, type: typeOf(name) }
  })
  const filled = [...rules.filter(rule => rule !== null), ...mapping.set.map(({ target }) => target)].map(
    ({ field }) => field,
  )
  const twice = filled.find((field, index) => filled.indexOf(field) !== index)
  if (twice !== undefined) throw bad(`${quoted(twice)} would be filled twice`, 'leave a column out with --map COLUMN=')
  const missing = fields.filter(({ name, required }) => required === 'always' && !filled.includes(name))
  if (missing.length > 0) {
    const near = misspelledFields(Object.fromEntries(header.map(name => [name, 0])))
    const hints = missing.map(({ name }) => {
      const column = near.find(({ expected }) => expected === name)?.sent ?? 'COLUMN'
      return `--map ${quoted(`${column}=${name}`)}`
    })
    const names = missing.map(({ name }) => name).join(', ')
    throw bad(
      `no column gives ${names}`,
      `give ${hints.join(' ')}, or --set; its columns are ${header.map(quoted).join(', ')}`,
    )
  }
  return rules
}

/** The event's JSON, or why the row makes none. */
export function eventOf(
  record: string[],
  rules: ColumnRule[],
  { set, timeZone }: Mapping,
): { text: string } | { problem: string } {
  const members: string[] = []
  const add = ({ field, type }: Target, cell: string): string | null => {
    if (cell.trim() === '') return null
    const value = valueOf(cell, type, timeZone)
    if ('problem' in value) return `${field}: ${value.problem}`
    members.push(`${JSON.stringify(field)}:${value.json}`)
    return null
  }
  for (const [index, rule] of rules.entries()) {
    const problem = rule === null ? null : add(rule, record[index]!)
    if (problem !== null) return { problem }
  }
  for (const { target, text } of set) {
    const problem = add(target, text)
    if (problem !== null) return { problem }
  }
  return { text: `{${members.join(',')}}` }
}

function valueOf(cell: string, type: CellType, timeZone: string | null): { json: string } | { problem: string } {
  const trimmed = cell.trim()
  if (type === 'number') return { json: jsonNumber.test(trimmed) ? trimmed : JSON.stringify(cell) }
  if (type === 'boolean') return { json: booleans.get(trimmed.toLowerCase()) ?? JSON.stringify(cell) }
  if (type === 'time') return readTime(trimmed, timeZone)
  if (type === 'text') return { json: JSON.stringify(cell) }
  try {
    JSON.parse(trimmed)
    return { json: trimmed }
  } catch {
    return { problem: 'the cell is not JSON' }
  }
}

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/
const booleans = new Map([
  ['true', 'true'],
  ['false', 'false'],
  ['1', 'true'],
  ['0', 'false'],
])

function typeOf(name: string): CellType {
  const kind = fields.find(field => field.name === name)?.kind
  return kind === 'timestamp' ? 'time' : kind === 'number' || kind === 'boolean' ? kind : 'text'
}

function bad(why: string, help: string): Failure {
  return new Failure('BAD_MAPPING', `Cannot make events of this CSV because ${why}: ${help}`)
}

function quoted(name: string): string {
  return `'${name}'`
}
