// One event: its flags, what became of it and when, what was recorded, and its text as it was sent.

import { Badge, Code, Drawer, Skeleton, Stack, Table, Text, Timeline, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { eventQuestion, type LiveEvent, type ReceiptEvent, receiptQuestion } from '../questions.ts'
import { Unavailable } from '../states.tsx'
import { flagMeaning } from '../words/flags.ts'
import { useSpeech } from '../words/language.tsx'

const colors: Record<ReceiptEvent['outcome'], string> = {
  queued: 'gray',
  stored: 'teal',
  duplicate: 'yellow',
  conflict: 'red',
  parked: 'red',
  erased: 'gray',
}

export function OpenedEvent({ event, close }: { event: LiveEvent | null; close: () => void }) {
  const { words } = useSpeech()
  return (
    <Drawer
      opened={event !== null}
      onClose={close}
      position="right"
      size="lg"
      title={
        event && (
          <Text ff="monospace" fw={700} component="span">
            {event.event_name} · {event.client_user_id}
          </Text>
        )
      }
      closeButtonProps={{ 'aria-label': words.live.close }}
    >
      {event !== null && <Opened event={event} />}
    </Drawer>
  )
}

function Opened({ event }: { event: LiveEvent }) {
  const { words, language } = useSpeech()
  const stored = useQuery(eventQuestion(event))
  const receipt = useQuery(receiptQuestion(event))
  return (
    <Stack gap="xl">
      <Part title={words.live.flags}>
        {event.flags.length === 0 ? (
          <Text size="sm" c="dimmed">
            {words.live.noFlags}
          </Text>
        ) : (
          <Stack gap="xs" component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
            {event.flags.map(flag => (
              <li key={flag}>
                <Badge color="yellow" variant="light" mr="xs" tt="none">
                  {flag}
                </Badge>
                <Text span size="sm">
                  {flagMeaning(flag, language)}
                </Text>
              </li>
            ))}
          </Stack>
        )}
      </Part>
      <Part title={words.live.timeline}>
        {receipt.data === undefined ? (
          <Waiting of={receipt} />
        ) : (
          <Stack gap="lg">
            {receipt.data.map((one, i) => (
              <Way key={`${one.request_id} ${one.index}`} of={one} isAgain={i > 0} />
            ))}
          </Stack>
        )}
      </Part>
      {stored.data === undefined ? (
        <Waiting of={stored} />
      ) : stored.data === null ? (
        <Text>{words.live.gone}</Text>
      ) : (
        <>
          <Part title={words.live.sent}>
            <Code block className="whole">
              {stored.data.raw}
            </Code>
          </Part>
          <Part title={words.live.recorded}>
            <Recorded of={stored.data} />
          </Part>
        </>
      )}
    </Stack>
  )
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <Title order={3} size="h5" mb="sm">
        {title}
      </Title>
      {children}
    </section>
  )
}

function Waiting({
  of: { isPending, error, refetch },
}: {
  of: { isPending: boolean; error: Error | null; refetch: () => unknown }
}) {
  return isPending ? <Skeleton height={84} radius="md" /> : <Unavailable error={error} retry={() => void refetch()} />
}

/** From its receipt to what became of it. */
function Way({ of: one, isAgain }: { of: ReceiptEvent; isAgain: boolean }) {
  const { words, tell } = useSpeech()
  const isDone = one.processed_at !== null
  return (
    <div>
      {isAgain && (
        <Text size="sm" fw={600} mb="xs">
          {words.live.again}
        </Text>
      )}
      <Timeline active={isDone ? 2 : 1} bulletSize={16} lineWidth={2} color={colors[one.outcome]}>
        <Timeline.Item title={words.live.received}>
          <Text size="sm" c="dimmed">
            <time dateTime={one.received_at}>{tell.moment(one.received_at)}</time>
          </Text>
          <Text size="xs" c="dimmed" ff="monospace" className="whole">
            {one.request_id}
            {one.index !== null && ` #${one.index}`}
          </Text>
        </Timeline.Item>
        <Timeline.Item title={words.live.queued}>
          <Text size="sm" c="dimmed">
            <time dateTime={one.received_at}>{tell.moment(one.received_at)}</time>
          </Text>
        </Timeline.Item>
        <Timeline.Item title={words.live.outcomes[one.outcome]}>
          {one.processed_at !== null && (
            <Text size="sm" c="dimmed">
              <time dateTime={one.processed_at}>{tell.moment(one.processed_at)}</time>
              {' · '}
              {words.live.after(tell.length(Date.parse(one.processed_at) - Date.parse(one.received_at)))}
            </Text>
          )}
          {one.differs?.map(({ field, sent, stands }) => (
            <Text key={field} size="sm">
              {words.live.differs(field, sent ?? '–', stands ?? '–')}
            </Text>
          ))}
          {one.reason !== undefined && <Text size="sm">{[one.reason, one.detail].filter(Boolean).join(': ')}</Text>}
        </Timeline.Item>
      </Timeline>
    </div>
  )
}

/** Every field that has a value; the text as sent stands above. */
function Recorded({ of: event }: { of: Record<string, unknown> }) {
  const fields = Object.entries(event).filter(
    ([name, value]) => name !== 'raw' && value !== null && !(Array.isArray(value) && value.length === 0),
  )
  return (
    <Table verticalSpacing={6} layout="fixed">
      <Table.Tbody>
        {fields.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" fw={500} w="42%">
              <Text size="sm" ff="monospace" className="whole">
                {name}
              </Text>
            </Table.Th>
            <Table.Td>
              <Text size="sm" className="whole">
                {Array.isArray(value) ? value.join(', ') : String(value)}
              </Text>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
