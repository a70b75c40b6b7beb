// A report as a table: sorted by any column, with the sums that the API made of the whole period and of the one before.

import { Alert, Button, Card, Checkbox, Group, Popover, Stack, Table, Text, UnstyledButton } from '@mantine/core'
import { CaretDownIcon, CaretSortIcon, CaretUpIcon, ColumnsIcon, DownloadIcon } from '@radix-ui/react-icons'
import { useState } from 'react'
import { csvOf } from '../csv.ts'
import { lastDayOf, type Period } from '../periods.ts'
import { type Line, type Sort, sortLines } from '../report-lines.ts'
import { saveFile } from '../save-file.ts'
import { useSpeech } from '../words/language.tsx'
import {
  type Column,
  columnsOf,
  dimensionOf,
  isAmount,
  type ReportName,
  savedColumnsOf,
  tellValue,
} from './report-columns.ts'
import { tellChange } from './report-figures.tsx'
import { WideTable } from './wide-table.tsx'

const rowsMax = 100

export type TableOf = {
  report: ReportName
  product: string
  period: Period
  currency: string
  converted: boolean
  lines: Line[]
  whole: Line
  before: Line | undefined
  isAtLimit: boolean
  sort: Sort
  setSort: (sort: string) => void
  columns: Column[]
  setColumns: (columns: string[]) => void
}

export function ReportTable(props: TableOf) {
  const { report, currency, lines, whole, before, isAtLimit, sort, setSort, columns } = props
  const { words, tell } = useSpeech()
  const [isWhole, setWhole] = useState(false)
  const sorted = sortLines(lines, sort)
  const shown = isWhole ? sorted : sorted.slice(0, rowsMax)
  const limitSentence = report === 'funnel-clicks' ? words.reports.atLimitFunnel : words.reports.atLimit
  const told = (line: Line | undefined, column: string) => tellValue(column, line?.[column], currency, tell)
  return (
    <Card p={0}>
      <Group justify="space-between" p="md">
        <Text size="sm" c="dimmed">
          {report === 'funnel-clicks' ? '' : `${words.reports.currency}: ${currency || words.reports.withoutCurrency}`}
        </Text>
        <Group gap="xs">
          <ColumnChoice {...props} />
          <Button size="xs" variant="default" leftSection={<DownloadIcon />} onClick={() => save(props, sorted)}>
            {words.reports.save}
          </Button>
        </Group>
      </Group>
      {isAtLimit && (
        <Alert role="status" color="yellow" variant="light" mx="md" mb="md">
          {limitSentence(tell.number(lines.length))}
        </Alert>
      )}
      <WideTable minWidth={140 + columns.length * 112} label={words.reports.reports[report]}>
        <Table highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              <Head column="name" label={words.reports.names[report]} sort={sort} setSort={setSort} />
              {columns.map(column => (
                <Head
                  key={column}
                  column={column}
                  label={words.reports.columns[column]}
                  sort={sort}
                  setSort={setSort}
                />
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map(line => (
              <Table.Tr key={line.name}>
                <Table.Th scope="row" fw={500} className="named stays" title={line.name}>
                  {report === 'daily' ? tell.day(line.name) : line.name || words.reports.nameless}
                </Table.Th>
                {columns.map(column => (
                  <Table.Td
                    key={column}
                    className="end"
                    {...(isAmount(column) && { title: `${line[column]} ${currency}` })}
                  >
                    {told(line, column)}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
          <Table.Tfoot>
            <Foot label={words.reports.whole} cells={columns.map(column => told(whole, column))} />
            <Foot label={words.reports.periodBefore} cells={columns.map(column => told(before, column))} />
            <Foot
              label={words.reports.change}
              cells={columns.map(column => tellChange(column, whole, before, { tell, points: words.reports.points }))}
            />
          </Table.Tfoot>
        </Table>
      </WideTable>
      {lines.length === 0 && (
        <Text c="dimmed" ta="center" p="lg">
          {words.reports.none}
        </Text>
      )}
      {shown.length < sorted.length && (
        <Group justify="center" p="md">
          <Button variant="default" onClick={() => setWhole(true)}>
            {words.reports.showAll(tell.number(sorted.length))}
          </Button>
        </Group>
      )}
    </Card>
  )
}

/** Which columns the table has; the last of them stays. */
function ColumnChoice({ report, columns, setColumns }: TableOf) {
  const { words } = useSpeech()
  return (
    <Popover position="bottom-end" withinPortal trapFocus>
      <Popover.Target>
        <Button size="xs" variant="default" leftSection={<ColumnsIcon />}>
          {words.reports.columnsShown(columns.length, columnsOf[report].length)}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Checkbox.Group
          label={words.reports.chooseColumns}
          value={columns}
          onChange={chosen => chosen.length > 0 && setColumns(chosen)}
        >
          <Stack gap="xs" mt="xs">
            {columnsOf[report].map(column => (
              <Checkbox key={column} size="sm" value={column} label={words.reports.columns[column]} />
            ))}
          </Stack>
        </Checkbox.Group>
      </Popover.Dropdown>
    </Popover>
  )
}

function Head(props: { column: string; label: string; sort: Sort; setSort: (sort: string) => void }) {
  const { column, label, sort, setSort } = props
  const isBy = sort.column === column
  const direction = !isBy ? 'none' : sort.descending ? 'descending' : 'ascending'
  // What is counted is wanted from the largest down first, names from the first.
  const isNextDown = isBy ? !sort.descending : column !== 'name'
  const Icon = !isBy ? CaretSortIcon : sort.descending ? CaretDownIcon : CaretUpIcon
  return (
    <Table.Th scope="col" aria-sort={direction} className={column === 'name' ? 'stays' : 'end'}>
      <UnstyledButton fz="sm" fw={isBy ? 700 : 600} onClick={() => setSort(`${isNextDown ? '-' : ''}${column}`)}>
        {label} <Icon aria-hidden className="sortIcon" />
      </UnstyledButton>
    </Table.Th>
  )
}

function Foot({ label, cells }: { label: string; cells: string[] }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" className="named stays">
        {label}
      </Table.Th>
      {cells.map((cell, n) => (
        <Table.Th key={n} className="end" fw={600}>
          {cell}
        </Table.Th>
      ))}
    </Table.Tr>
  )
}

function save({ report, product, period, currency, converted }: TableOf, sorted: Line[]): void {
  const dimension = dimensionOf[report]
  const rows = sorted.map(line => ({ ...line, [dimension]: line.name, currency }))
  const money = converted ? `${currency}-converted` : currency.replaceAll(/[^\w-]/g, '_')
  const parts = [product, report, period.from, 'to', lastDayOf(period), report === 'funnel-clicks' ? '' : money]
  const text = csvOf([dimension, ...savedColumnsOf(report, converted)], rows)
  saveFile(`${parts.filter(Boolean).join('-')}.csv`, 'text/csv;charset=utf-8', text)
}
