// Events of each hour, today over yesterday. By itself, because a library of charts is large.

import '@mantine/charts/styles.layer.css'
import { AreaChart } from '@mantine/charts'
import type { HourPoint } from '../days.ts'
import { useSpeech } from '../words/language.tsx'

export default function Hours({ points }: { points: HourPoint[] }) {
  const { words, tell } = useSpeech()
  return (
    <AreaChart
      h={260}
      data={points}
      dataKey="hour"
      series={[
        { name: 'yesterday', label: words.overview.yesterday, color: 'gray.5' },
        { name: 'today', label: words.overview.today, color: 'teal.7' },
      ]}
      curveType="monotone"
      withDots={false}
      withLegend
      legendProps={{ verticalAlign: 'top', height: 32 }}
      valueFormatter={tell.number}
      xAxisProps={{ interval: 3 }}
      yAxisProps={{ width: 56, allowDecimals: false }}
      gridAxis="y"
      areaProps={{ isAnimationActive: false }}
    />
  )
}
