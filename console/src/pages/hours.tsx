// Events of each hour, today over yesterday.

import type { HourPoint } from '../days.ts'
import { useSpeech } from '../words/language.tsx'
import { Chart } from './chart.tsx'

export function Hours({ points }: { points: HourPoint[] }) {
  const { words, tell } = useSpeech()
  return (
    <Chart
      label={words.overview.perHour}
      height={228}
      names={points.map(({ hour }) => hour)}
      series={[
        { label: words.overview.yesterday, color: 'gray.5', as: 'area', values: points.map(one => one.yesterday) },
        { label: words.overview.today, color: 'teal.7', as: 'area', values: points.map(one => one.today) },
      ]}
      tell={tell.number}
      isWhole
      withLegend
    />
  )
}
