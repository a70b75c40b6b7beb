// A report drawn: days beside each other, anything else as bars from the largest down. The two colours are far apart for the
// colour-blind, too. By itself, because a library of charts is large. Only what is drawn is a float.

import '@mantine/charts/styles.layer.css'
import { BarChart } from '@mantine/charts'
import { Text } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { type Line, sortLines } from '../report-lines.ts'
import { useSpeech } from '../words/language.tsx'
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
  const points = lines.map((line, n) => ({
    name: tell.shortDay(line.name),
    first: drawn(line, column),
    second: metric === 'money' ? drawn(line, 'withdraw_amount') : drawn(before[n], column),
  }))
  const title = metric === 'money' ? words.reports.money : words.reports.columns[metric]
  const series =
    metric === 'money'
      ? [
          { name: 'first', label: words.reports.figures.deposits, color: blue },
          { name: 'second', label: words.reports.figures.withdrawals, color: orange },
        ]
      : [
          { name: 'second', label: words.reports.periodBefore, color: 'gray.5' },
          { name: 'first', label: words.reports.now, color: blue },
        ]
  const shown = (value: number) => (isShare(column) ? tell.share(value) : tell.compact(value))
  return (
    <figure className="chart" aria-label={title}>
      <BarChart
        h={280}
        data={points}
        dataKey="name"
        series={series}
        withLegend
        legendProps={{ verticalAlign: 'top', height: 32 }}
        withBarValueLabel={points.length * (isWide ? 1 : 3) <= labelsMax}
        valueLabelProps={{ fontSize: 11, formatter: value => shown(Number(value ?? 0)) }}
        valueFormatter={shown}
        xAxisProps={{ minTickGap: 12 }}
        yAxisProps={{ width: 56 }}
        gridAxis="x"
        barProps={{ isAnimationActive: false }}
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
        `${words.reports.columns[column as keyof typeof words.reports.columns]}. ${words.reports.extremes(told(high), tell.day(high.name), told(low), tell.day(low.name))}`}
    </Text>
  )
}

function Largest({ lines, metric, currency }: Props) {
  const { words, tell } = useSpeech()
  if (metric === 'money') return null
  const largest = sortLines(lines, { column: metric, descending: true }).slice(0, barsMax)
  const points = largest.map(line => ({
    name: shortened(line.name) || words.reports.nameless,
    first: drawn(line, metric),
  }))
  const shown = (value: number) => tellValue(metric, value, currency, tell)
  return (
    <figure className="chart" aria-label={words.reports.columns[metric]}>
      <BarChart
        h={56 + 36 * points.length}
        data={points}
        dataKey="name"
        orientation="vertical"
        series={[{ name: 'first', label: words.reports.columns[metric], color: blue }]}
        withBarValueLabel
        valueLabelProps={{ fontSize: 12, position: 'right', formatter: value => shown(Number(value ?? 0)) }}
        valueFormatter={shown}
        yAxisProps={{ width: 120 }}
        xAxisProps={{ domain: roomyDomain(points.map(({ first }) => first)) }}
        withXAxis={false}
        gridAxis="none"
        maxBarWidth={28}
        barProps={{ isAnimationActive: false }}
      />
      <Text component="figcaption" size="sm" c="dimmed" mt="xs">
        {words.reports.columns[metric]}
        {lines.length > barsMax ? `. ${words.reports.top(barsMax, tell.number(lines.length))}` : ''}
      </Text>
    </figure>
  )
}

/** With room for the values at the ends of the bars. */
function roomyDomain(values: number[]): [number, number] {
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
