// The fields of one event, with what the contract wants of each: those that it must have, should have or has, and the others
// on demand; and its custom properties.

import { type Field, fields } from '@datapulse/contract/fields'
import { ActionIcon, Button, Group, Stack, Text, Tooltip } from '@mantine/core'
import { ChevronLeftIcon, ChevronRightIcon, MinusIcon, PlusIcon } from '@radix-ui/react-icons'
import { useState } from 'react'
import { type Fields, isRecommended, isRequired, type Kind, shownIn, withField } from '../composed.ts'
import { freshExample } from '../mistakes.ts'
import type { Violation } from '../rejections.ts'
import { useViolations } from '../use-violations.ts'
import { useSpeech } from '../words/language.tsx'
import { useTryWords } from '../words/try-it.ts'
import { TryCustom } from './try-custom.tsx'
import { TryField } from './try-field.tsx'

/** A field that somebody wants to look at; another one each time, be it of the same field. */
export type Wanted = { field: string }

type Shown = {
  kind: Kind
  events: Fields[]
  at: number
  /** Of this event. */
  violations: Violation[]
  wanted: Wanted | null
  write: (events: Fields[], at?: number) => void
  look: (at: number) => void
}

export function TryForm({ kind, events, at, violations, wanted, write, look }: Shown) {
  const { tell } = useSpeech()
  const told = useTryWords()
  const [isMore, showMore] = useState(false)
  const event = events[at] ?? {}
  const name = shownIn(event['event_name']).trim()
  const own = ordered(name).filter(({ only }) => only === undefined || only === name)
  const first = own.filter(
    field =>
      isRequired(field, name) ||
      isRecommended(field.name, name) ||
      Object.hasOwn(event, field.name) ||
      field.name === wanted?.field,
  )
  const shown = isMore ? own : first
  const tellWrong = useViolations()
  const messageOf = (field: string) => {
    const wrong = violations.find(one => one.field === field)
    return wrong === undefined ? null : tellWrong(wrong).told
  }
  const set = (field: string, value: unknown) => write(withField(events, at, field, value))

  return (
    <Stack gap="sm" role="group" aria-label={told.form} data-testid="form">
      {kind === 'batch' && <Places events={events} at={at} write={write} look={look} />}
      {shown.map(field => (
        <TryField
          key={field.name}
          field={field}
          eventName={name}
          value={event[field.name]}
          error={messageOf(field.name)}
          set={value => set(field.name, value)}
        />
      ))}
      {own.length > first.length && (
        <div>
          <Button size="xs" variant="subtle" aria-expanded={isMore} onClick={() => showMore(!isMore)}>
            {isMore ? told.fewer : told.more(tell.number(own.length - first.length))}
          </Button>
        </div>
      )}
      <TryCustom event={event} known={own} messageOf={messageOf} set={set} />
    </Stack>
  )
}

/** Goes from event to event of a batch. */
function Places({ events, at, write, look }: Pick<Shown, 'events' | 'at' | 'write' | 'look'>) {
  const { tell } = useSpeech()
  const told = useTryWords()
  const add = () => {
    const name = shownIn(events[at]?.['event_name']).trim() || 'login'
    write([...events, freshExample(name, Date.now())], events.length)
  }
  const remove = () =>
    write(
      events.filter((_, index) => index !== at),
      Math.max(0, at - 1),
    )
  return (
    <Group justify="space-between" wrap="nowrap">
      <Group gap="xs" wrap="nowrap">
        <Step label={told.previous} icon={<ChevronLeftIcon />} isPossible={at > 0} act={() => look(at - 1)} />
        <Text size="sm" fw={600} role="status">
          {told.eventOf(tell.number(at + 1), tell.number(events.length))}
        </Text>
        <Step
          label={told.next}
          icon={<ChevronRightIcon />}
          isPossible={at < events.length - 1}
          act={() => look(at + 1)}
        />
      </Group>
      <Group gap="xs" wrap="nowrap">
        <Step label={told.addEvent} icon={<PlusIcon />} isPossible act={add} />
        <Step label={told.removeEvent} icon={<MinusIcon />} isPossible={events.length > 1} act={remove} />
      </Group>
    </Group>
  )
}

type StepShown = { label: string; icon: React.ReactNode; isPossible: boolean; act: () => void }

function Step({ label, icon, isPossible, act }: StepShown) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="default" size="lg" aria-label={label} disabled={!isPossible} onClick={act}>
        {icon}
      </ActionIcon>
    </Tooltip>
  )
}

/** What an event of this name must have comes first. */
function ordered(eventName: string): Field[] {
  const rank = (field: Field) =>
    field.name === 'event_name' ? 0 : isRequired(field, eventName) ? 1 : isRecommended(field.name, eventName) ? 2 : 3
  return [...fields].toSorted((a, b) => rank(a) - rank(b))
}
