// What the library of charts is told to draw. It draws on a canvas, which knows no styles: inks come from how the canvas itself
// would look, and the colours of the series as they are.

import {
  BarController,
  BarElement,
  CategoryScale,
  Chart as Canvas,
  type ChartConfiguration,
  type ChartDataset,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  type Plugin,
  PointElement,
  type ScriptableContext,
  Tooltip,
} from 'chart.js'

Canvas.register(
  BarController,
  BarElement,
  CategoryScale,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
)

export { Canvas }

/** `color`: of the theme, such as teal.7, or any other. Where a value is null nothing is drawn. */
export type Series = {
  label: string
  color: string
  as: 'bars' | 'area' | 'steps'
  values: (number | null)[]
  /** Which value is still growing, and how that is told: in an area it is drawn as what it is not yet. */
  growing?: { at: number; told: string }
}

export type Drawing = {
  /** One for each value of each of the series. */
  names: string[]
  /** The later, the more it is in front. */
  series: Series[]
  tell: (value: number) => string
  /** At the axis, where that is shorter. */
  tellTick?: (value: number) => string
  isWhole?: boolean
  isStacked?: boolean
  /** Bars lie below each other, without an axis for their values, which lie between these two. */
  lyingBetween?: [number, number]
  /** At the end of each bar. */
  withValues?: boolean
}

type Kind = 'bar' | 'line'
type Config = ChartConfiguration<Kind, (number | null)[], string>

/** Values are told as `latest` tells them when they are; `colors` are those of the series, `style` is the canvas's. */
export function drawingOf(
  latest: { current: Drawing & { colors: string[] } },
  style: CSSStyleDeclaration,
): { data: Config['data']; options: NonNullable<Config['options']> } {
  const { names, series, colors, isWhole = false, isStacked = false, lyingBetween, withValues = false } = latest.current
  const [bright, line, ground] = ['bright', 'default-border', 'body'].map(name =>
    style.getPropertyValue(`--mantine-color-${name}`),
  ) as [string, string, string]
  const isLying = lyingBetween !== undefined
  const font = { family: style.fontFamily, size: 12 }
  const tell = (value: number) => latest.current.tell(value)
  const ofNames = {
    stacked: isStacked,
    offset: series.some(({ as }) => as === 'bars'),
    border: { display: !isLying, color: line },
    grid: { display: false },
    ticks: { color: style.color, font, maxRotation: 0, autoSkip: !isLying, autoSkipPadding: 24 },
  }
  const ofValues = {
    stacked: isStacked,
    beginAtZero: true,
    grace: withValues && !isLying ? '12%' : 0,
    ...(isLying && { display: false, min: lyingBetween[0], max: lyingBetween[1] }),
    border: { display: false, dash: [5, 5] },
    grid: { color: line, tickLength: 0 },
    ticks: {
      color: style.color,
      font,
      padding: 10,
      maxTicksLimit: 6,
      ...(isWhole && { precision: 0 }),
      callback: (value: number | string) => (latest.current.tellTick ?? tell)(Number(value)),
    },
  }
  return {
    data: { labels: names, datasets: series.map((one, n) => datasetOf(one, n, colors[n]!)) },
    options: {
      animation: false,
      maintainAspectRatio: false,
      indexAxis: isLying ? 'y' : 'x',
      interaction: { mode: 'index', intersect: false, axis: isLying ? 'y' : 'x' },
      scales: isLying ? { x: ofValues, y: ofNames } : { x: ofNames, y: ofValues },
      plugins: {
        tooltip: {
          ...{ backgroundColor: ground, borderColor: line, borderWidth: 1, padding: 10, cornerRadius: 8 },
          ...{ titleColor: bright, bodyColor: style.color, titleFont: { ...font, weight: 600 }, bodyFont: font },
          ...{ usePointStyle: true, boxWidth: 9, boxHeight: 9, boxPadding: 6, bodySpacing: 6, caretSize: 0 },
          itemSort: (a, b) => a.datasetIndex - b.datasetIndex,
          callbacks: {
            label: ({ datasetIndex, dataIndex, dataset, raw }) =>
              ` ${dataset.label}: ${tell(Number(raw))}${growingAt(latest.current.series[datasetIndex], dataIndex)}`,
            labelPointStyle: () => ({ pointStyle: 'circle', rotation: 0 }),
            labelColor: ({ datasetIndex }) => ({
              borderColor: colors[datasetIndex]!,
              backgroundColor: colors[datasetIndex]!,
            }),
          },
        },
      },
    },
  }
}

/** What is told behind a value that is still growing. */
export function growingAt(series: Series | undefined, at: number): string {
  return series?.growing?.at === at ? ` (${series.growing.told})` : ''
}

function datasetOf(
  { label, as, values, growing }: Series,
  n: number,
  color: string,
): ChartDataset<Kind, (number | null)[]> {
  if (as === 'bars') return { type: 'bar', label, data: values, backgroundColor: color, maxBarThickness: 28 }
  const line = { type: 'line', label, data: values, borderColor: color, borderWidth: 2, order: -n } as const
  const points = { pointRadius: 0, pointHoverRadius: 4, pointHoverBackgroundColor: color } as const
  if (as === 'steps') return { ...line, ...points, stepped: 'before', borderDash: [6, 4] }
  const area = { ...line, cubicInterpolationMode: 'monotone', fill: 'origin', backgroundColor: fading(color) } as const
  if (growing === undefined) return { ...area, ...points }
  const isGrowing = ({ p1DataIndex: at }: { p1DataIndex: number }) => at === growing.at
  return {
    ...area,
    ...points,
    pointRadius: ({ dataIndex }) => (dataIndex === growing.at ? 3.5 : 0),
    pointBackgroundColor: 'transparent',
    pointBorderWidth: 2,
    segment: {
      borderDash: segment => (isGrowing(segment) ? [3, 4] : undefined),
      borderColor: segment => (isGrowing(segment) ? `${color}99` : undefined),
      backgroundColor: segment => (isGrowing(segment) ? 'transparent' : undefined),
    },
  }
}

/** From the top of the chart to its bottom. */
function fading(color: string) {
  return ({ chart: { ctx, chartArea: area } }: ScriptableContext<'line'>) => {
    if (area === undefined) return 'transparent'
    const gradient = ctx.createLinearGradient(0, area.top, 0, area.bottom)
    gradient.addColorStop(0, `${color}33`)
    gradient.addColorStop(1, `${color}03`)
    return gradient
  }
}

/** `latest`, of this moment. */
export function valuesAtEnds(latest: { current: Drawing }): Plugin<Kind> {
  return {
    id: 'values at ends',
    afterDatasetsDraw(chart) {
      const { tell, lyingBetween, withValues = false } = latest.current
      if (!withValues) return
      const { ctx, data, canvas } = chart
      const { color, fontFamily } = getComputedStyle(canvas)
      const isLying = lyingBetween !== undefined
      ctx.save()
      Object.assign(ctx, { fillStyle: color, font: `${isLying ? 12 : 11}px ${fontFamily}` })
      Object.assign(ctx, isLying ? { textAlign: 'left', textBaseline: 'middle' } : { textAlign: 'center' })
      data.datasets.forEach((dataset, n) => {
        for (const [at, bar] of chart.getDatasetMeta(n).data.entries()) {
          const text = tell(Number(dataset.data[at] ?? 0))
          const { x, y, base } = bar.getProps(['x', 'y', 'base'], true) as { x: number; y: number; base: number }
          if (isLying) ctx.fillText(text, Math.max(x, base) + 6, y)
          else ctx.fillText(text, x, Math.min(y, base) - 5)
        }
      })
      ctx.restore()
    },
  }
}
