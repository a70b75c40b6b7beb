// A report drawn: days beside each other, anything else as bars from the largest down. The two colours are far apart for the
// colour-blind, too. Only what is drawn is a float.

import { Text } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { type Line, sortLines } from '../report-lines.ts'
import { useSpeech } from '../words/language.tsx'
import { Chart } from './chart.tsx'
import { isShare, type Metric, type ReportName, tellValue } from './report-columns.ts'

const blue = '#0072b2'
const orange = '#d55e00'
const barsMax = 10
const labelsMax = 10
const nameMax = 16

type Props = { report: ReportName; lines: Line[]; before: Line[]; metric: Metric; currency: string }

export default function ReportChart(props: Props) {
  return props.report === 'daily' ? <Days {...props} /> : <Largest {...props} metric={props.metric} />
}

function Days({ lines, before, metric, currency }: Props) {
  const { words, tell } = useSpeech()
  const isWide = useMediaQuery('(min-width: 48em)') === true
  const column = metric === 'money' ? 'deposit_amount' : metric
  const first = lines.map(line => drawn(line, column))
  const second = lines.map((line, n) =>
    metric === 'money' ? drawn(line, 'withdraw_amount') : drawn(before[n], column),
  )
  const title = metric === 'money' ? words.reports.money : words.reports.columns[metric]
  const series =
    metric === 'money'
      ? [
          { label: words.reports.figures.deposits, color: blue, as: 'bars' as const, values: first },
          { label: words.reports.figures.withdrawals, color: orange, as: 'bars' as const, values: second },
        ]
      : [
          { label: words.reports.periodBefore, color: 'gray.5', as: 'bars' as const, values: second },
          { label: words.reports.now, color: blue, as: 'bars' as const, values: first },
        ]
  const shown = (value: number) => (isShare(column) ? tell.share(value) : tell.compact(value))
  return (
    <figure className="chart" aria-label={title}>
      <Chart
        label={title}
        height={248}
        names={lines.map(line => tell.shortDay(line.name))}
        series={series}
        tell={shown}
        withLegend
        withValues={lines.length * (isWide ? 1 : 3) <= labelsMax}
      />
      <Extremes title={title} lines={lines} column={column} currency={currency} />
    </figure>
  )
}

function Extremes(props: { title: string; lines: Line[]; column: string; currency: string }) {
  const { lines, column, currency } = props
  const { words, tell } = useSpeech()
  const sorted = sortLines(
    lines.filter(line => line[column] !== null),
    { column, descending: true },
  )
  const [high, low] = [sorted[0], sorted.at(-1)]
  const told = (line: Line) => tellValue(column, line[column], currency, tell)
  return (
    <Text component="figcaption" size="sm" c="dimmed" mt="xs">
      {high !== undefined &&
        low !== undefined &&
        words.reports.extremes(
          words.reports.columns[column as keyof typeof words.reports.columns],
          told(high),
          tell.day(high.name),
          told(low),
          tell.day(low.name),
        )}
    </Text>
  )
}

function Largest({ lines, metric, currency }: Props) {
  const { words, tell } = useSpeech()
  if (metric === 'money') return null
  const largest = sortLines(lines, { column: metric, descending: true }).slice(0, barsMax)
  const values = largest.map(line => drawn(line, metric))
  const shown = (value: number) => tellValue(metric, value, currency, tell)
  return (
    <figure className="chart" aria-label={words.reports.columns[metric]}>
      <Chart
        label={words.reports.columns[metric]}
        height={20 + 36 * largest.length}
        names={largest.map(line => shortened(line.name) || words.reports.nameless)}
        series={[{ label: words.reports.columns[metric], color: blue, as: 'bars', values }]}
        tell={shown}
        lyingBetween={roomyBetween(values)}
        withValues
      />
      <Text component="figcaption" size="sm" c="dimmed" mt="xs">
        {lines.length > barsMax
          ? words.reports.top(words.reports.columns[metric], barsMax, tell.number(lines.length))
          : words.reports.columns[metric]}
      </Text>
    </figure>
  )
}

/** With room for the values at the ends of the bars. */
function roomyBetween(values: number[]): [number, number] {
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)]
  const room = (most - least || 1) * 0.35
  return [least < 0 ? least - room : 0, most > 0 || least === 0 ? most + room : 0]
}

function drawn(line: Line | undefined, column: string): number {
  return Number(line?.[column] ?? 0)
}

function shortened(name: string): string {
  return name.length > nameMax ? `${name.slice(0, nameMax - 1)}…` : name
}
