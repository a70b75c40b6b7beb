// A key's usage drawn: peaks against the limit, and below them the events that were accepted and the requests that were refused.
// Orange is where something was refused, and it is told in words too.

import { SimpleGrid, Text } from '@mantine/core'
import { pointsOf, type UsageOfOne } from '../usage.ts'
import { useSpeech } from '../words/language.tsx'
import { Chart } from './chart.tsx'

const blue = '#0072b2'
const orange = '#d55e00'
const teal = 'teal.7'
const dayMs = 86_400_000

export default function UsageChart({ usage }: { usage: UsageOfOne }) {
  const { words, tell } = useSpeech()
  const said = words.usage
  const isOfDays = Date.parse(usage.until) - Date.parse(usage.since) > dayMs * 1.5
  const points = pointsOf(usage)
  const names = points.map(({ atMs }) => (isOfDays ? `${tell.shortDate(atMs)} ${tell.clock(atMs)}` : tell.clock(atMs)))
  const bars = (name: 'peak' | 'full' | 'events' | 'over' | 'wrong', label: string, color: string) =>
    ({ label, color, as: 'bars', values: points.map(point => point[name]) }) as const
  const usual = { names, tell: tell.number, isWhole: true, isStacked: true }
  return (
    <>
      <figure className="chart" aria-label={said.chart}>
        <Text fw={600} size="sm">
          {said.chart}
        </Text>
        <Chart
          {...usual}
          label={said.chart}
          height={228}
          series={[
            bars('peak', said.series.peak, blue),
            bars('full', said.series.full, orange),
            { label: said.series.limit, color: 'red.7', as: 'steps', values: points.map(({ limit }) => limit) },
          ]}
          withLegend
        />
        <Text component="figcaption" size="xs" c="dimmed">
          {said.chartHint}
        </Text>
      </figure>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <figure className="chart" aria-label={said.events}>
          <Text fw={600} size="sm" mb="xs">
            {said.events}
          </Text>
          <Chart
            {...usual}
            label={said.events}
            height={150}
            series={[bars('events', said.events, teal)]}
            tellTick={tell.compact}
          />
        </figure>
        <figure className="chart" aria-label={said.refusals}>
          <Text fw={600} size="sm" mb="xs">
            {said.refusals}
          </Text>
          <Chart
            {...usual}
            label={said.refusals}
            height={150}
            series={[bars('over', said.refused.over, orange), bars('wrong', said.refused.wrong, 'gray.6')]}
            tellTick={tell.compact}
          />
        </figure>
      </SimpleGrid>
    </>
  )
}
