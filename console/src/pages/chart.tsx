// A chart, as the console draws them all: bars, areas or steps over names, with a legend in words. Values are shown under the
// pointer, and from name to name by the keys that move a slider; so a screen reader tells them, too.

import { ColorSwatch, Group, parseThemeColor, Text, useComputedColorScheme, useMantineTheme } from '@mantine/core'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { Canvas, type Drawing, drawingOf, growingAt, valuesAtEnds } from './chart-drawing.ts'

type Props = Drawing & {
  /** What it shows. */
  label: string
  height: number
  withLegend?: boolean
}

export function Chart({ label, height, withLegend = false, ...drawing }: Props) {
  const { names, series, tell } = drawing
  const theme = useMantineTheme()
  const scheme = useComputedColorScheme('light')
  const place = useRef<HTMLCanvasElement>(null)
  const canvas = useRef<Canvas>(null)
  const [at, setAt] = useState<number | null>(null)
  const colors = series.map(({ color }) => parseThemeColor({ color, theme }).value)
  const latest = useRef({ ...drawing, colors })
  const drawn = useRef('')

  useEffect(() => {
    latest.current = { ...drawing, colors }
    const all = JSON.stringify([latest.current, scheme])
    if (drawn.current === all) return
    drawn.current = all
    const { data, options } = drawingOf(latest, getComputedStyle(place.current!))
    if (canvas.current === null)
      canvas.current = new Canvas(place.current!, { type: 'bar', data, options, plugins: [valuesAtEnds(latest)] })
    else {
      canvas.current.data = data
      canvas.current.options = options
      canvas.current.update('none')
    }
  })
  useEffect(
    () => () => {
      canvas.current?.destroy()
      canvas.current = null
      drawn.current = ''
    },
    [canvas, drawn],
  )

  const go = (index: number | null) => {
    const there = series.flatMap(({ values }, datasetIndex) =>
      index === null || values[index] == null ? [] : [{ datasetIndex, index }],
    )
    canvas.current?.setActiveElements(there)
    canvas.current?.tooltip?.setActiveElements(there, { x: 0, y: 0 })
    canvas.current?.update('none')
    setAt(index)
  }
  const last = names.length - 1
  const press = (event: KeyboardEvent) => {
    const [before, after] = [(at ?? last + 1) - 1, (at ?? -1) + 1]
    const wanted = { ArrowLeft: before, ArrowDown: before, ArrowRight: after, ArrowUp: after, Home: 0, End: last }[
      event.key
    ]
    if (wanted === undefined) return
    event.preventDefault()
    go(Math.max(0, Math.min(last, wanted)))
  }
  const toldAt = (index: number) => {
    const told = series.flatMap(one =>
      one.values[index] == null ? [] : `${one.label} ${tell(one.values[index])}${growingAt(one, index)}`,
    )
    return [names[index], ...told].join(', ')
  }
  return (
    <div>
      {withLegend && (
        <Group justify="flex-end" gap="lg" mb="xs">
          {series.map((one, n) => (
            <Group key={one.label} gap={7} wrap="nowrap">
              <ColorSwatch color={colors[n]!} size={12} withShadow={false} />
              <Text size="sm">{one.label}</Text>
            </Group>
          ))}
        </Group>
      )}
      <div
        className="canvas"
        style={{ height }}
        role="slider"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={at ?? last}
        aria-valuetext={toldAt(at ?? last)}
        tabIndex={0}
        onKeyDown={press}
        onBlur={() => go(null)}
      >
        <canvas ref={place} />
      </div>
    </div>
  )
}
