// The processes of the installation: what each does, how it is, since when, and how often it ended by itself.

import { Group, Paper, SimpleGrid, Text } from '@mantine/core'
import type { Part } from '../system-questions.ts'
import { useAgo } from '../use-ago.ts'
import { useSpeech } from '../words/language.tsx'
import { useSystemWords } from '../words/system.ts'
import { Section } from './section.tsx'
import { Mark } from './verdict.tsx'

const colors = { ready: 'teal', not_ready: 'yellow', starting: 'yellow', away: 'red', resting: 'gray' }

export function Parts({ parts, time }: { parts: Part[]; time: string }) {
  const told = useSystemWords()
  return (
    <Section title={told.parts} hint={told.partsHint}>
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 3 }} spacing="sm">
        {parts.map(part => (
          <OnePart key={part.name} part={part} time={time} />
        ))}
      </SimpleGrid>
    </Section>
  )
}

function OnePart({ part, time }: { part: Part; time: string }) {
  const { tell } = useSpeech()
  const told = useSystemWords()
  const ago = useAgo(time)
  const { name, state, why, since, memory_bytes: memory, ends, last_end: lastEnd } = part
  const facts = [
    memory !== null && tell.size(memory),
    since !== null && state !== 'starting' && told.since(ago(since)),
  ].filter(fact => fact !== false)
  const how = lastEnd && (lastEnd.signal ?? (lastEnd.code === null ? '–' : told.code(lastEnd.code)))
  return (
    <Paper withBorder p="sm" data-testid={`part-${name}`}>
      <Group justify="space-between" wrap="nowrap" mb={4}>
        <Text fw={600} size="sm" component="h3">
          {told.partNames[name]}
        </Text>
        <Mark color={colors[state]}>{told.states[state]}</Mark>
      </Group>
      <Text size="xs" c="dimmed">
        {told.partDoes[name]}
      </Text>
      {state === 'not_ready' && why !== null && (
        <Text size="sm" mt={4} className="sent">
          {why}
        </Text>
      )}
      {facts.length > 0 && (
        <Text size="sm" mt={6}>
          {facts.join(' · ')}
        </Text>
      )}
      {lastEnd !== null && how !== null && (
        <Text size="xs" mt={4} {...(since !== null && { title: tell.moment(lastEnd.at) })}>
          {told.lastEnd(ago(lastEnd.at), how, ends)}
        </Text>
      )}
    </Paper>
  )
}
