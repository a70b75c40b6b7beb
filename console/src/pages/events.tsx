// Every event name and what comes of it: the grid that answers whether an integration is whole.

import { Anchor, Button, Card, Group, Stack, Table, Text, TextInput, Tooltip } from '@mantine/core'
import { ActivityLogIcon, MagnifyingGlassIcon } from '@radix-ui/react-icons'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { diagnosisQuestion, type EventState, type Mode } from '../questions.ts'
import { useLooking } from '../shell.tsx'
import { Empty, Stale, Unanswered } from '../states.tsx'
import { useNow } from '../use-now.ts'
import { useSpeech } from '../words/language.tsx'
import { AsOf } from './as-of.tsx'
import { Moment } from './moment.tsx'
import { NoProducts } from './no-products.tsx'
import { PageHead } from './page-head.tsx'
import { ModeChoice, TimeChoice } from './scope-choices.tsx'
import { Mark } from './verdict.tsx'
import { WideTable } from './wide-table.tsx'

const colors: Record<string, string> = { receiving: 'teal', errors: 'red', quiet: 'yellow', not_seen: 'gray' }
const states = ['receiving', 'errors', 'quiet', 'not_seen'] as const
type State = (typeof states)[number]

export default function Events() {
  const { product } = useLooking()
  return product === null ? <NoProducts /> : <EventsOf product={product} />
}

function EventsOf({ product }: { product: string }) {
  const { words } = useSpeech()
  const [mode, setMode] = useState<Mode>('live')
  const [window, setWindow] = useState('24h')
  const [search, setSearch] = useState('')
  const [state, setState] = useState<State | 'all'>('all')
  const diagnosis = useQuery(diagnosisQuestion(product, mode, window))
  const events = diagnosis.data?.events ?? []
  const shown = events
    .filter(event => state === 'all' || event.state === state)
    .filter(event => (event.event_name ?? '').toLowerCase().includes(search.trim().toLowerCase()))
  const clear = () => {
    setSearch('')
    setState('all')
  }

  return (
    <>
      <PageHead title={words.pages.events} lead={words.events.lead}>
        <TimeChoice time={window} choose={chosen => setWindow(chosen ?? '24h')} />
        <ModeChoice mode={mode} choose={setMode} />
      </PageHead>
      <Stack>
        <Stale of={[diagnosis]} />
        {diagnosis.data !== undefined && !diagnosis.isError && <AsOf {...diagnosis.data} />}
        {diagnosis.data === undefined ? (
          <Unanswered of={diagnosis} rows={6} />
        ) : (
          <>
            <Group justify="space-between">
              <Group gap="xs" role="group" aria-label={words.events.filter}>
                {(['all', ...states] as const).map(one => (
                  <Button
                    key={one}
                    size="xs"
                    variant={state === one ? 'filled' : 'default'}
                    aria-pressed={state === one}
                    onClick={() => setState(one)}
                  >
                    {one === 'all' ? words.events.all : words.events.states[one]}
                    {' · '}
                    {one === 'all' ? events.length : events.filter(event => event.state === one).length}
                  </Button>
                ))}
              </Group>
              <TextInput
                aria-label={words.events.search}
                placeholder={words.events.search}
                leftSection={<MagnifyingGlassIcon />}
                value={search}
                onChange={event => setSearch(event.currentTarget.value)}
                w={{ base: '100%', sm: 240 }}
              />
            </Group>
            {shown.length === 0 ? (
              <Empty icon={<ActivityLogIcon width={24} height={24} />} title={words.events.none} text="">
                <Button variant="default" onClick={clear}>
                  {words.events.clear}
                </Button>
              </Empty>
            ) : (
              <Grid events={shown} mode={mode} isOfBefore={diagnosis.isPlaceholderData} />
            )}
          </>
        )}
      </Stack>
    </>
  )
}

/** `isOfBefore`: of what was chosen before. */
function Grid({ events, mode, isOfBefore }: { events: EventState[]; mode: Mode; isOfBefore: boolean }) {
  const { words, tell } = useSpeech()
  const columns = words.events.columns
  const nowMs = useNow()
  return (
    <Card p={0} aria-busy={isOfBefore} {...(isOfBefore && { opacity: 0.45 })}>
      <WideTable minWidth={820} label={words.pages.events} fits>
        <Table highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{columns.name}</Table.Th>
              <Table.Th scope="col">{columns.state}</Table.Th>
              <Table.Th scope="col" className="end">
                {columns.events}
              </Table.Th>
              <Table.Th scope="col" className="end">
                <Tooltip label={words.events.refusedHint}>
                  <span>{columns.errors}</span>
                </Tooltip>
              </Table.Th>
              <Table.Th scope="col" className="end wide">
                {columns.duplicates}
              </Table.Th>
              <Table.Th scope="col" className="end wide">
                {columns.conflicts}
              </Table.Th>
              <Table.Th scope="col" className="end wide">
                {columns.delay}
              </Table.Th>
              <Table.Th scope="col" className="wide">
                {columns.lastSeen}
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {events.map(event => (
              <Table.Tr key={event.event_name ?? ''}>
                <Table.Th scope="row" fw={500}>
                  {event.event_name === null || event.last_seen_at === null ? (
                    <Text ff="monospace" size="sm" fw={600}>
                      {event.event_name ?? words.events.unnamed}
                    </Text>
                  ) : (
                    <Anchor
                      component={Link}
                      to={`../live?${new URLSearchParams({ name: event.event_name, mode })}`}
                      ff="monospace"
                      size="sm"
                      fw={600}
                      title={words.events.watch}
                    >
                      {event.event_name}
                    </Anchor>
                  )}
                  {event.near_miss_of !== null && (
                    <Text size="xs" c="red">
                      {words.events.nearMiss(event.near_miss_of)}
                    </Text>
                  )}
                  {!event.expected && event.near_miss_of === null && event.event_name !== null && (
                    <Text size="xs" c="dimmed">
                      {words.events.custom}
                    </Text>
                  )}
                  <Text size="xs" c="dimmed" className="narrow">
                    <Moment time={event.last_seen_at} none={words.events.never} nowMs={nowMs} />
                  </Text>
                </Table.Th>
                <Table.Td>
                  <Mark color={colors[event.state] ?? 'gray'} title={words.events.stateHints[event.state as State]}>
                    {words.events.states[event.state as State]}
                  </Mark>
                </Table.Td>
                <Count value={event.events} />
                <Count value={event.errors} bad />
                <Count value={event.duplicates} isWide />
                <Count value={event.conflicts} bad isWide />
                <Table.Td className="end wide">
                  {event.median_delay_ms === null ? <None /> : tell.length(Math.max(0, event.median_delay_ms))}
                </Table.Td>
                <Table.Td className="wide">
                  <Moment time={event.last_seen_at} none={words.events.never} nowMs={nowMs} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </WideTable>
    </Card>
  )
}

function Count({ value, bad = false, isWide = false }: { value: number; bad?: boolean; isWide?: boolean }) {
  const { tell } = useSpeech()
  return (
    <Table.Td className={isWide ? 'end wide' : 'end'}>
      {value === 0 ? (
        <None />
      ) : (
        <Text size="sm" fw={bad ? 700 : 500} {...(bad && { c: 'red' })}>
          {tell.number(value)}
        </Text>
      )}
    </Table.Td>
  )
}

function None() {
  return (
    <Text size="sm" c="dimmed" component="span">
      –
    </Text>
  )
}
