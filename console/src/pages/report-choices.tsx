// What a report is asked for: days, time zone and currency. All of it is in the address, so that a link shows the same.

import { Card, Select, SimpleGrid, Text, TextInput } from '@mantine/core'
import { useEffect } from 'react'
import { useSearchParams } from 'react-router'
import {
  dayIn,
  isPreset,
  isZone,
  lastDayOf,
  type Period,
  type Preset,
  periodBefore,
  periodOf,
  presets,
} from '../periods.ts'
import { useNow } from '../use-now.ts'
import { useSpeech } from '../words/language.tsx'

const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone
const zones = [...new Set(['UTC', ownZone, ...Intl.supportedValuesOf('timeZone')])]

export const convertedChoice = 'converted'
export const withoutChoice = 'none'

export type Choices = {
  preset: Preset
  first: string | null
  last: string | null
  zone: string
  today: string
  period: Period | null
  read: (name: string) => string | null
  choose: (changes: Record<string, string | null>) => void
}

export function useChoices(): Choices {
  const [parameters, setParameters] = useSearchParams()
  const nowMs = useNow()
  const asked = parameters.get('tz')
  const zone = asked !== null && isZone(asked) ? asked : ownZone
  const range = parameters.get('range')
  const preset = isPreset(range) ? range : '7d'
  const [first, last] = [parameters.get('from'), parameters.get('to')]
  const today = dayIn(zone, nowMs)
  const choose = (changes: Record<string, string | null>) =>
    setParameters(
      before => {
        const after = new URLSearchParams(before)
        for (const [name, value] of Object.entries(changes))
          if (value === null) after.delete(name)
          else after.set(name, value)
        return after
      },
      { replace: true },
    )
  // Whoever follows the link may be elsewhere.
  useEffect(() => {
    if (asked !== zone || range !== preset) choose({ tz: zone, range: preset })
  })
  const period = periodOf(preset, today, first, last)
  return { preset, first, last, zone, today, period, read: name => parameters.get(name), choose }
}

export function ReportChoices({
  choices,
  currencies,
  canConvert,
  currency,
}: {
  choices: Choices
  currencies: string[]
  canConvert: boolean
  currency: string
}) {
  const { words, tell } = useSpeech()
  const { preset, period, today, zone, choose } = choices
  const offered = [...new Set([...currencies, ...(currency === convertedChoice ? [] : [currency])])]
  const tellDays = (days: Period) => tell.days(days.from, lastDayOf(days))
  return (
    <Card>
      <SimpleGrid cols={{ base: 1, xs: 2, md: preset === 'custom' ? 5 : 3 }} spacing="sm">
        <Select
          label={words.reports.period}
          data={presets.map(value => ({ value, label: words.reports.presets[value] }))}
          value={preset}
          onChange={chosen => choose({ range: chosen, ...daysFor(chosen, period, today) })}
          allowDeselect={false}
        />
        {preset === 'custom' && (
          <>
            <Day label={words.reports.first} value={choices.first} choose={day => choose({ from: day })} />
            <Day label={words.reports.last} value={choices.last} choose={day => choose({ to: day })} />
          </>
        )}
        <Select
          label={words.reports.zone}
          data={zones}
          value={zone}
          onChange={chosen => choose({ tz: chosen })}
          allowDeselect={false}
          searchable
          limit={60}
        />
        <Select
          label={words.reports.currency}
          data={[
            ...(canConvert ? [{ value: convertedChoice, label: words.reports.converted }] : []),
            ...offered.map(code => ({
              value: code === '' ? withoutChoice : code,
              label: code === '' ? words.reports.withoutCurrency : code,
            })),
          ]}
          value={currency === '' ? withoutChoice : currency}
          onChange={chosen => choose({ currency: chosen })}
          allowDeselect={false}
        />
      </SimpleGrid>
      <Text size="sm" c={period === null ? 'red' : 'dimmed'} mt="sm" {...(period === null && { role: 'alert' })}>
        {period === null
          ? words.reports.wrongDays
          : [
              words.reports.shown(tellDays(period), zone),
              words.reports.against(tellDays(periodBefore(period))),
              ...(period.to > today ? [words.reports.notOver] : []),
            ].join(' · ')}
      </Text>
    </Card>
  )
}

function Day({ label, value, choose }: { label: string; value: string | null; choose: (day: string) => void }) {
  return (
    <TextInput type="date" label={label} value={value ?? ''} onChange={event => choose(event.currentTarget.value)} />
  )
}

/** Other days begin with those that were shown; no preset keeps any. */
function daysFor(
  chosen: string | null,
  period: Period | null,
  today: string,
): { from: string | null; to: string | null } {
  if (chosen !== 'custom') return { from: null, to: null }
  return period === null ? { from: today, to: today } : { from: period.from, to: lastDayOf(period) }
}
