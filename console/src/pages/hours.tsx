// Events of each hour, today over yesterday. The hour that is not over is drawn as that: it has fewer events because it is shorter.

import { Text } from '@mantine/core'
import type { HourPoint } from '../days.ts'
import { useSpeech } from '../words/language.tsx'
import { Chart } from './chart.tsx'

export function Hours({ points }: { points: HourPoint[] }) {
  const { words, tell } = useSpeech()
  const now = points.findLastIndex(({ today }) => today !== null)
  return (
    <>
      <Chart
        label={words.overview.perHour}
        height={228}
        names={points.map(({ hour }) => hour)}
        series={[
          { label: words.overview.yesterday, color: 'gray.5', as: 'area', values: points.map(one => one.yesterday) },
          {
            label: words.overview.today,
            color: 'teal.7',
            as: 'area',
            values: points.map(one => one.today),
            growing: { at: now, told: words.overview.soFar },
          },
        ]}
        tell={tell.number}
        isWhole
        withLegend
      />
      <Text size="xs" c="dimmed" ta="end" mt={4}>
        {words.overview.hourNotOver(points[now]?.hour ?? '')}
      </Text>
    </>
  )
}
