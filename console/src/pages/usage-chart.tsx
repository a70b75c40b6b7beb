// A key's usage drawn: peaks against the limit, and below them the events that were accepted and the requests that were refused.
// By itself, because a library of charts is large. Orange is where something was refused, and it is told in words too.

import '@mantine/charts/styles.layer.css'
import { BarChart, CompositeChart } from '@mantine/charts'
import { SimpleGrid, Text } from '@mantine/core'
import { pointsOf, type UsageOfOne } from '../usage.ts'
import { useSpeech } from '../words/language.tsx'

const blue = '#0072b2'
const orange = '#d55e00'
const teal = 'teal.7'
const dayMs = 86_400_000

export default function UsageChart({ usage }: { usage: UsageOfOne }) {
  const { words, tell } = useSpeech()
  const said = words.usage
  const isOfDays = Date.parse(usage.until) - Date.parse(usage.since) > dayMs * 1.5
  const points = pointsOf(usage).map(({ atMs, ...point }) => ({
    ...point,
    name: isOfDays ? `${tell.shortDate(atMs)} ${tell.clock(atMs)}` : tell.clock(atMs),
  }))
  const usual = {
    data: points,
    dataKey: 'name',
    gridAxis: 'x' as const,
    xAxisProps: { minTickGap: 28 },
    valueFormatter: tell.number,
  }
  return (
    <>
      <figure className="chart" aria-label={said.chart}>
        <Text fw={600} size="sm">
          {said.chart}
        </Text>
        <CompositeChart
          {...usual}
          h={260}
          series={[
            { name: 'peak', label: said.series.peak, color: blue, type: 'bar' },
            { name: 'full', label: said.series.full, color: orange, type: 'bar' },
            { name: 'limit', label: said.series.limit, color: 'red.7', type: 'line', strokeDasharray: '6 4' },
          ]}
          curveType="stepAfter"
          withDots={false}
          withLegend
          legendProps={{ verticalAlign: 'top', height: 32 }}
          yAxisProps={{ width: 56, allowDecimals: false }}
          barProps={{ isAnimationActive: false, stackId: 'peaks' }}
          lineProps={{ isAnimationActive: false }}
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
          <BarChart
            {...usual}
            h={150}
            series={[{ name: 'events', label: said.events, color: teal }]}
            yAxisProps={{ width: 48, allowDecimals: false, tickFormatter: tell.compact }}
            barProps={{ isAnimationActive: false }}
          />
        </figure>
        <figure className="chart" aria-label={said.refusals}>
          <Text fw={600} size="sm" mb="xs">
            {said.refusals}
          </Text>
          <BarChart
            {...usual}
            h={150}
            type="stacked"
            series={[
              { name: 'over', label: said.refused.over, color: orange },
              { name: 'wrong', label: said.refused.wrong, color: 'gray.6' },
            ]}
            yAxisProps={{ width: 48, allowDecimals: false, tickFormatter: tell.compact }}
            barProps={{ isAnimationActive: false }}
          />
        </figure>
      </SimpleGrid>
    </>
  )
}
