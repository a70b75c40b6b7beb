// Events as they come: filtered, paused, and opened one by one. Where more come than anybody could read, some are shown, and
// that is said.

import { Alert, Autocomplete, Badge, Button, Card, Group, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { LightningBoltIcon, PauseIcon, PlayIcon } from '@radix-ui/react-icons'
import { useState } from 'react'
import { useSearchParams } from 'react-router'
import type { Watched } from '../event-watch.ts'
import type { LiveEvent, Mode } from '../questions.ts'
import { useLooking } from '../shell.tsx'
import { Empty, Loading, Unavailable } from '../states.tsx'
import { useEvents } from '../use-events.ts'
import { useSpeech } from '../words/language.tsx'
import { LiveRows } from './live-rows.tsx'
import { NoProducts } from './no-products.tsx'
import { OpenedEvent } from './opened-event.tsx'
import { PageHead } from './page-head.tsx'
import { ModeChoice } from './scope-choices.tsx'

const filters = { name: '', user: '', transaction: '', click: '' }
const settledMs = 400

export default function Live() {
  const { product } = useLooking()
  return product === null ? <NoProducts /> : <LiveOf product={product} />
}

function LiveOf({ product }: { product: string }) {
  const { words } = useSpeech()
  const [address] = useSearchParams()
  const [mode, setMode] = useState<Mode>(address.get('mode') === 'test' ? 'test' : 'live')
  const [typed, setTyped] = useState(() => filtersIn(address))
  const [asked] = useDebouncedValue(typed, settledMs)
  const { name, user, transaction, click } = trimmed(asked)
  const isFiltered = Object.values(trimmed(typed)).some(Boolean)
  const live = useEvents({ product, mode, event: name, user, transaction, click })
  const [held, setHeld] = useState<Watched | null>(null)
  const [opened, setOpened] = useState<LiveEvent | null>(null)
  const shown = held ?? live
  const change = (more: Partial<typeof filters>) => {
    setTyped({ ...typed, ...more })
    setHeld(null)
  }

  return (
    <>
      <PageHead title={words.pages.live} lead={words.live.lead} badge={<State of={live} isPaused={held !== null} />}>
        <ModeChoice
          mode={mode}
          choose={chosen => {
            setMode(chosen)
            setHeld(null)
          }}
        />
        <Button
          variant={held === null ? 'default' : 'filled'}
          leftSection={held === null ? <PauseIcon /> : <PlayIcon />}
          disabled={held === null && live.state === 'connecting'}
          onClick={() => setHeld(held === null ? live : null)}
        >
          {held === null ? words.live.pause : words.live.resume}
        </Button>
      </PageHead>
      <Stack>
        <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm" role="group" aria-label={words.live.filter}>
          <Autocomplete
            label={words.live.name}
            placeholder={words.live.exact}
            data={[...new Set(live.rows.map(row => row.event_name))].toSorted()}
            value={typed.name}
            onChange={value => change({ name: value })}
          />
          {(['user', 'transaction', 'click'] as const).map(one => (
            <TextInput
              key={one}
              label={words.live[one]}
              placeholder={words.live.exact}
              value={typed[one]}
              onChange={event => change({ [one]: event.currentTarget.value })}
            />
          ))}
        </SimpleGrid>
        <Notices live={live} held={held} />
        <Content shown={shown} isFiltered={isFiltered} clear={() => change(filters)} open={setOpened} />
      </Stack>
      <OpenedEvent event={opened} close={() => setOpened(null)} />
    </>
  )
}

function State({ of: { state }, isPaused }: { of: Watched; isPaused: boolean }) {
  const { words } = useSpeech()
  if (isPaused)
    return (
      <Badge color="yellow" variant="light">
        {words.live.paused}
      </Badge>
    )
  const color = state === 'on' ? 'teal' : state === 'lost' ? 'red' : 'gray'
  return (
    <Badge color={color} variant="light">
      {words.live[state]}
    </Badge>
  )
}

/** What whoever looks must know beside the rows. */
function Notices({ live, held }: { live: Watched; held: Watched | null }) {
  const { words, tell } = useSpeech()
  const sample = live.sample
  const isStale = live.state === 'lost' && live.rows.length > 0
  const missed = held === null || held.sinceMs !== live.sinceMs ? 0 : live.count - held.count
  return (
    <>
      {isStale && (
        <Alert role="status" color="yellow" variant="light" radius="lg">
          {live.failure?.code === 'TOO_MANY_STREAMS'
            ? words.live.tooMany
            : words.live.stale(tell.exactClock(live.heardMs))}
        </Alert>
      )}
      {held !== null && (
        <Alert role="status" color="yellow" variant="light" radius="lg">
          {words.live.waiting(tell.number(missed))}
        </Alert>
      )}
      {held === null && sample !== null && (
        <Alert role="status" color="blue" variant="light" radius="lg">
          {words.live.sampled(tell.number(Math.round(sample.shown)), tell.number(Math.round(sample.count)))}
        </Alert>
      )}
    </>
  )
}

function Content({
  shown,
  isFiltered,
  clear,
  open,
}: {
  shown: Watched
  isFiltered: boolean
  clear: () => void
  open: (event: LiveEvent) => void
}) {
  const { words, tell } = useSpeech()
  const icon = <LightningBoltIcon width={24} height={24} />
  if (shown.state === 'connecting') return <Loading rows={6} />
  if (shown.rows.length === 0 && shown.failure !== null)
    return shown.failure.code === 'TOO_MANY_STREAMS' ? (
      <Empty icon={icon} title={words.failure.title} text={words.live.tooMany} />
    ) : (
      <Unavailable error={shown.failure} retry={() => location.reload()} />
    )
  if (shown.rows.length === 0)
    return isFiltered ? (
      <Empty icon={icon} title={words.live.noneSuch} text={words.live.noneSuchText}>
        <Button variant="default" onClick={clear}>
          {words.live.clear}
        </Button>
      </Empty>
    ) : (
      <Empty icon={icon} title={words.live.none} text={words.live.noneText} />
    )
  return (
    <Card p={0}>
      <Group justify="space-between" px="md" py="sm">
        <Text size="sm" c="dimmed">
          {words.live.seen(tell.number(shown.count), tell.exactClock(shown.sinceMs))}
        </Text>
        {isFiltered && (
          <Button size="compact-sm" variant="subtle" onClick={clear}>
            {words.live.clear}
          </Button>
        )}
      </Group>
      <LiveRows rows={shown.rows} open={open} />
    </Card>
  )
}

/** What is empty filters nothing. */
function trimmed(some: typeof filters): Partial<typeof filters> {
  return Object.fromEntries(
    Object.entries(some)
      .map(([name, value]) => [name, value.trim()])
      .filter(([, value]) => value !== ''),
  ) as Partial<typeof filters>
}

/** What another page wants to be looked at. */
function filtersIn(address: URLSearchParams): typeof filters {
  return {
    name: address.get('name') ?? '',
    user: address.get('user') ?? '',
    transaction: address.get('transaction') ?? '',
    click: address.get('click') ?? '',
  }
}
