// What was sent: event by event with what is wrong in it marked, or the very text. Nothing in it does anything.

import { Code, Group, SegmentedControl, Stack, Text, Title } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { Violation } from '../rejections.ts'
import { eventsIn, eventsToShow, inert, type SentEvent } from '../sent-body.ts'
import { useSpeech } from '../words/language.tsx'
import { useRejectedWords } from '../words/rejected.ts'
import { CopyIconButton } from './copy-icon-button.tsx'

const textMost = 100_000
const eventsMost = 50

export function BodyShown({ raw, violations }: { raw: string; violations: Violation[] }) {
  const { tell } = useSpeech()
  const told = useRejectedWords()
  const [isLaidOut, layOut] = useState(true)
  const events = useMemo(() => eventsIn(raw), [raw])
  const shown = events === null ? [] : eventsToShow(events, violations, eventsMost)
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Title order={2} size="h4">
          {told.body}
        </Title>
        <Group gap="xs">
          {events !== null && (
            <SegmentedControl
              size="xs"
              aria-label={told.body}
              data={[
                { value: 'laid out', label: told.laidOut },
                { value: 'as sent', label: told.asSent },
              ]}
              value={isLaidOut ? 'laid out' : 'as sent'}
              onChange={chosen => layOut(chosen === 'laid out')}
            />
          )}
          <CopyIconButton text={raw} />
        </Group>
      </Group>
      {events === null && raw !== '' && (
        <Text size="sm" c="dimmed">
          {told.notJson}
        </Text>
      )}
      {events !== null && isLaidOut ? (
        <>
          <Code block tabIndex={0} className="body" data-testid="body">
            {shown.map(event => (
              <EventShown key={event.index} event={event} violations={violations} />
            ))}
          </Code>
          {shown.length < events.length && (
            <Text size="xs" c="dimmed">
              {told.otherEvents(tell.number(shown.length), tell.number(events.length))}
            </Text>
          )}
        </>
      ) : (
        <>
          <Code block tabIndex={0} className="body" data-testid="body">
            {inert(raw.slice(0, textMost))}
          </Code>
          {raw.length > textMost && (
            <Text size="xs" c="dimmed">
              {told.tooLong(tell.number(textMost))}
            </Text>
          )}
        </>
      )}
    </Stack>
  )
}

function EventShown({ event, violations }: { event: SentEvent; violations: Violation[] }) {
  const told = useRejectedWords()
  const { tell } = useSpeech()
  const { index, lines, text } = event
  const own = violations.filter(violation => (violation.index ?? null) === index)
  const of = (field: string) => own.find(violation => violation.field === field)
  const missing = own.filter(({ field }) => field !== '$' && lines?.every(({ key }) => key !== field) === true)
  return (
    <div>
      {index !== null && <span className="aside">{`// ${told.event(tell.number(index))}\n`}</span>}
      {lines === null ? (
        <Marked rule={of('$')?.rule}>{inert(text.slice(0, textMost))}</Marked>
      ) : (
        <>
          {'{\n'}
          {lines.map((line, nth) => (
            <Marked key={line.key} rule={of(line.key)?.rule}>
              {`  ${inert(JSON.stringify(line.key))}: ${inert(line.text.slice(0, textMost))}${nth < lines.length - 1 ? ',' : ''}`}
            </Marked>
          ))}
          {[...new Set(missing.map(({ field }) => field))].map(field => (
            <Marked key={`missing ${field}`} rule={told.missing}>
              {`  ${inert(JSON.stringify(field))}`}
            </Marked>
          ))}
          {'}\n'}
        </>
      )}
    </div>
  )
}

function Marked({ rule, children }: { rule: string | undefined; children: string }) {
  if (rule === undefined) return `${children}\n`
  return (
    <>
      <mark>
        {children}
        <span className="why">{`  ← ${rule}`}</span>
      </mark>
      {'\n'}
    </>
  )
}
