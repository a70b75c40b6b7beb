// Sends requests again: other names for keys, a dry run that says what would become of each, then the same for good after a
// question. Whatever is changed asks for another dry run.

import {
  Alert,
  Autocomplete,
  Button,
  Card,
  Checkbox,
  CloseButton,
  Group,
  Progress,
  Stack,
  Text,
  Title,
} from '@mantine/core'
import { PlusIcon } from '@radix-ui/react-icons'
import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { Mode } from '../questions.ts'
import { type Replayed, sendAgain, type Target } from '../rejections.ts'
import { inert } from '../sent-body.ts'
import { useLooking } from '../shell.tsx'
import { Why } from '../states.tsx'
import { useSpeech } from '../words/language.tsx'
import { useRejectedWords } from '../words/rejected.ts'
import { Foretold, sumOf } from './foretold.tsx'
import { Outcomes } from './outcomes.tsx'
import { Sending } from './sending.tsx'

/** It begins below what was pressed, and behind a question that is gone. */
const intoSight = (at: HTMLElement | null) => at?.scrollIntoView({ block: 'nearest' })

type Name = { id: number; sent: string; name: string }

export function Mending({
  title,
  product,
  mode,
  targets,
  likely,
  keys,
}: {
  title: string
  product: string
  mode: Mode
  targets: Target[]
  /** What is guessed of the names. */
  likely: [sent: string, name: string][]
  keys: string[]
}) {
  const { tell } = useSpeech()
  const told = useRejectedWords()
  const { role } = useLooking()
  const [names, setNames] = useState<Name[]>(() => likely.map(([sent, name], id) => ({ id, sent, name })))
  const [partial, setPartial] = useState(false)
  const [looked, setLooked] = useState<Replayed[]>([])
  const [sent, setSent] = useState<Replayed[]>([])
  const [isAsking, askFirst] = useState(false)
  const stopping = useRef(new AbortController())
  const mapping = Object.fromEntries(
    names.filter(one => one.sent !== '' && one.name !== '').map(one => [one.sent, one.name]),
  )
  const run = useMutation({
    mutationFn(dry_run: boolean) {
      const keep = dry_run ? setLooked : setSent
      keep([])
      if (dry_run) setSent([])
      const add = (one: Replayed) => keep(before => [...before, one])
      stopping.current = new AbortController()
      return sendAgain(targets, { mapping, partial, dry_run }, add, stopping.current.signal)
    },
  })
  if (role !== 'admin') return <Text c="dimmed">{told.viewer}</Text>

  /** What was looked at is not what would be sent any more. */
  const change = (next: Name[]) => {
    setNames(next)
    setLooked([])
    setSent([])
    run.reset()
  }
  const edit = (id: number, part: Partial<Name>) =>
    change(names.map(one => (one.id === id ? { ...one, ...part } : one)))
  const isDry = run.variables === true
  const isLooked = looked.length === targets.length && !(run.isPending && isDry)
  const sum = sumOf(looked, partial)
  const done = run.isPending ? (isDry ? looked : sent).length : 0
  return (
    <Card>
      <Stack>
        <div>
          <Title order={2} size="h4">
            {title}
          </Title>
          <Text size="sm" c="dimmed">
            {told.fixHint}
          </Text>
        </div>
        {names.map(one => (
          <Group key={one.id} align="end" gap="sm" wrap="nowrap">
            <Autocomplete
              label={told.sent}
              data={keys.filter(key => key !== '')}
              limit={20}
              maxLength={128}
              value={one.sent}
              onChange={value => edit(one.id, { sent: value })}
              disabled={run.isPending}
              flex={1}
              miw={0}
            />
            <Autocomplete
              label={told.name}
              data={[...new Set(likely.map(([, name]) => name))]}
              maxLength={128}
              value={one.name}
              onChange={value => edit(one.id, { name: value })}
              disabled={run.isPending}
              flex={1}
              miw={0}
            />
            <CloseButton
              size="lg"
              aria-label={told.removeName(inert(one.sent))}
              disabled={run.isPending}
              onClick={() => change(names.filter(other => other.id !== one.id))}
            />
          </Group>
        ))}
        <div>
          <Button
            size="xs"
            variant="default"
            leftSection={<PlusIcon />}
            disabled={run.isPending || names.length >= 50}
            onClick={() =>
              change([...names, { id: 1 + Math.max(-1, ...names.map(({ id }) => id)), sent: '', name: '' }])
            }
          >
            {told.addName}
          </Button>
        </div>
        <Checkbox
          label={told.partial}
          checked={partial}
          disabled={run.isPending}
          onChange={event => {
            setPartial(event.currentTarget.checked)
            change(names)
          }}
        />
        <Group>
          <Button variant="default" loading={run.isPending && isDry} onClick={() => run.mutate(true)}>
            {told.dryRun}
          </Button>
          <Button
            disabled={!isLooked || sum.events === 0 || run.isPending || sent.length === targets.length}
            onClick={() => askFirst(true)}
          >
            {told.replay}
          </Button>
          <Text size="sm" c="dimmed">
            {!isLooked
              ? `${told.dryRunHint} ${told.replayFirst}`
              : sum.isBad && sum.events === 0
                ? told.replayNone
                : null}
          </Text>
        </Group>
        {run.isPending && targets.length > 1 && (
          <div role="status" ref={intoSight}>
            <Progress
              value={(done / targets.length) * 100}
              aria-label={told.progress(tell.number(done), tell.number(targets.length))}
            />
            <Group justify="space-between" mt={4}>
              <Text size="xs" c="dimmed">
                {told.progress(tell.number(done), tell.number(targets.length))}
              </Text>
              <Button size="xs" variant="default" onClick={() => stopping.current.abort()}>
                {told.stop}
              </Button>
            </Group>
          </div>
        )}
        {!run.isPending && sent.length > 0 && sent.length < targets.length && (
          <Alert color="yellow" role="status">
            {told.stopped(tell.number(sent.length), tell.number(targets.length))}
          </Alert>
        )}
        {run.error !== null && (
          <Alert color="red" role="alert">
            <Why error={run.error} />
          </Alert>
        )}
        {isLooked && sent.length === 0 && <Foretold looked={looked} partial={partial} />}
        {sent.length > 0 && <Outcomes sent={sent} />}
      </Stack>
      <Sending
        opened={isAsking}
        sum={sum}
        product={product}
        mode={mode}
        close={() => askFirst(false)}
        send={() => {
          askFirst(false)
          run.mutate(false)
        }}
      />
    </Card>
  )
}
