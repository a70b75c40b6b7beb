// Which events a page looks at: of live or test keys, and of which time.

import { SegmentedControl, Select } from '@mantine/core'
import type { Mode } from '../questions.ts'
import { useSpeech } from '../words/language.tsx'

export function ModeChoice({ mode, choose }: { mode: Mode; choose: (mode: Mode) => void }) {
  const { words } = useSpeech()
  return (
    <SegmentedControl
      aria-label={words.mode.title}
      data={[
        { value: 'live', label: words.mode.live },
        { value: 'test', label: words.mode.test },
      ]}
      value={mode}
      onChange={chosen => choose(chosen === 'test' ? 'test' : 'live')}
    />
  )
}

/** `more`: times beside those that every such page has. */
export function TimeChoice({
  time,
  choose,
  more = [],
  width = 160,
}: {
  time: string
  choose: (time: string | null) => void
  more?: { value: string; label: string }[]
  width?: number
}) {
  const { words } = useSpeech()
  return (
    <Select
      aria-label={words.events.window}
      data={[...Object.entries(words.events.windows).map(([value, label]) => ({ value, label })), ...more]}
      value={time}
      onChange={choose}
      allowDeselect={false}
      w={width}
    />
  )
}
