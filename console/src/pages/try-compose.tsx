// Composes the request: what to begin with, the fields of an event, and the body as text. Text and fields follow each other;
// what the fields say is checked by the contract's own check, as the server will.

import { checkBody } from '@datapulse/contract/check'
import { knownEventNames } from '@datapulse/contract/names'
import { syntaxFault } from '@datapulse/contract/syntax'
import { Alert, Button, Card, Divider, Grid, Group, Menu, SegmentedControl, Stack, Text, Title } from '@mantine/core'
import { ChevronDownIcon } from '@radix-ui/react-icons'
import { type ReactNode, useDeferredValue, useEffect, useMemo } from 'react'
import { type Composed, eventsOf, type Kind, textOf } from '../composed.ts'
import { freshExample, mistakeOf, mistakes } from '../mistakes.ts'
import type { Violation } from '../rejections.ts'
import type { Draft } from '../tries.ts'
import { useNow } from '../use-now.ts'
import { useTryWords } from '../words/try-it.ts'
import { bodyId, TryBody } from './try-body.tsx'
import { fieldId } from './try-field.tsx'
import { TryForm, type Wanted } from './try-form.tsx'

type Change = (more: Partial<Draft>) => void

export function TryCompose({
  draft,
  change,
  wanted,
  children,
}: {
  draft: Draft
  change: Change
  wanted: Wanted | null
  /** What sends it. */
  children: ReactNode
}) {
  const told = useTryWords()
  const { text, kind } = draft
  const composed = useMemo(() => eventsOf(text, kind), [text, kind])
  const violations = useViolations(text, kind)
  const write = (events: Record<string, unknown>[], at = draft.at) => change({ text: textOf(events, kind), at })
  const at = 'events' in composed ? Math.min(draft.at, Math.max(0, composed.events.length - 1)) : 0
  useWayTo(wanted)
  return (
    <Card>
      <Stack>
        <Group justify="space-between">
          <Title order={2} size="h4">
            {told.compose}
          </Title>
          <SegmentedControl
            aria-label={told.kinds.title}
            data={[
              { value: 'event', label: told.kinds.event },
              { value: 'batch', label: told.kinds.batch },
            ]}
            value={kind}
            onChange={chosen => change(asKind(composed, draft, chosen as Kind))}
          />
        </Group>
        <Beginnings
          begin={name => {
            const example = freshExample(name, Date.now())
            const events = 'events' in composed && kind === 'batch' ? composed.events : []
            write(events.length === 0 ? [example] : events.map((one, index) => (index === at ? example : one)), at)
          }}
          change={change}
        />
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, md: 6 }}>
            {'events' in composed && composed.events.length > 0 ? (
              <TryForm
                kind={kind}
                events={composed.events}
                at={at}
                violations={violations.filter(({ index = 0 }) => index === at)}
                wanted={wanted}
                write={write}
                look={place => change({ at: place })}
              />
            ) : (
              <NotShown composed={composed} draft={draft} change={change} />
            )}
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 6 }}>
            <Stack gap="lg">
              <TryBody
                text={text}
                violations={violations}
                layOut={'events' in composed ? () => write(composed.events) : null}
                change={changed => change({ text: changed })}
              />
              <Divider />
              {children}
            </Stack>
          </Grid.Col>
        </Grid>
      </Stack>
    </Card>
  )
}

/** Goes to a field, or else to the text: to where it stops being JSON. */
function useWayTo(wanted: Wanted | null): void {
  useEffect(() => {
    if (wanted === null) return
    const body = document.getElementById(bodyId) as HTMLTextAreaElement | null
    const input = document.getElementById(fieldId(wanted.field)) ?? body
    input?.scrollIntoView({ block: 'center' })
    input?.focus()
    const at = input === body ? faultIn(body?.value ?? '') : null
    if (at !== null) body?.setSelectionRange(at, at + 1)
  }, [wanted])
}

function faultIn(text: string): number | null {
  try {
    JSON.parse(text)
    return null
  } catch {
    return syntaxFault(text).at
  }
}

/** A little behind whoever types. */
function useViolations(text: string, kind: Kind): Violation[] {
  const settled = useDeferredValue(text)
  const nowMs = useNow(60_000)
  return useMemo(() => {
    const outcome = checkBody(new TextEncoder().encode(settled), kind, nowMs)
    return outcome.ok ? [] : outcome.violations
  }, [settled, kind, nowMs])
}

function Beginnings({ begin, change }: { begin: (name: string) => void; change: Change }) {
  const told = useTryWords()
  return (
    <Group gap="xs">
      <Text size="sm" c="dimmed" id="try-beginnings">
        {told.example}
      </Text>
      <Group gap={6} role="group" aria-labelledby="try-beginnings">
        {knownEventNames.map(name => (
          <Button key={name} size="compact-sm" variant="default" ff="monospace" onClick={() => begin(name)}>
            {name}
          </Button>
        ))}
      </Group>
      <Menu withinPortal position="bottom-start">
        <Menu.Target>
          <Button size="compact-sm" variant="light" color="red" rightSection={<ChevronDownIcon />}>
            {told.mistakesTitle}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {mistakes.map(mistake => (
            <Menu.Item key={mistake} onClick={() => change({ ...mistakeOf(mistake, Date.now()), at: 0, isDry: true })}>
              {told.mistakes[mistake]}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Group>
  )
}

/** Why there is no form, and what would make one of it. */
function NotShown({ composed, draft, change }: { composed: Composed; draft: Draft; change: Change }) {
  const told = useTryWords()
  const wrong = 'wrong' in composed ? composed.wrong : 'value'
  const other = wrong === 'list' ? 'batch' : wrong === 'object' ? 'event' : null
  return (
    <Alert color={wrong === 'syntax' ? 'yellow' : 'blue'} radius="md">
      <Stack align="start" gap="sm">
        <Text size="sm">{told.notShown[wrong]}</Text>
        {other !== null && (
          <Button size="xs" variant="default" onClick={() => change({ ...draft, kind: other, at: 0 })}>
            {other === 'batch' ? told.asBatch : told.asEvent}
          </Button>
        )}
      </Stack>
    </Alert>
  )
}

/** The same events at the other address; of several one event is the one that is shown. */
function asKind(composed: Composed, draft: Draft, kind: Kind): Partial<Draft> {
  if (!('events' in composed) || kind === draft.kind) return { kind, at: 0 }
  const { events } = composed
  return { kind, at: 0, text: textOf(kind === 'batch' ? events : [events[draft.at] ?? events[0] ?? {}], kind) }
}
