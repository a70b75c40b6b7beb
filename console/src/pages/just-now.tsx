// What happens this minute: throughput, how far processing is, and whether every part works.

import { Card, Divider, Group, Skeleton, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { minuteQuestion, standingQuestion } from '../questions.ts'
import { Stale } from '../states.tsx'
import { useSpeech } from '../words/language.tsx'
import { Mark } from './verdict.tsx'

const behindSeconds = 10

export function JustNow({ product }: { product: string }) {
  const { words, tell } = useSpeech()
  const minute = useQuery(minuteQuestion(product))
  const standing = useQuery(standingQuestion)
  const lag = standing.data?.lag
  const isBehind = lag != null && lag.seconds > behindSeconds
  return (
    <Card h="100%">
      <Text fw={600} component="h2" fz="md" mb="md">
        {words.overview.now}
      </Text>
      <Stack gap="sm">
        <Stale of={[minute, standing]} />
        {minute.data === undefined ? (
          <Skeleton height={44} />
        ) : (
          <div>
            <Text fz={26} fw={700} lh={1.2}>
              {words.overview.perSecond(tell.rate(minute.data / 60))}
            </Text>
            <Text size="xs" c="dimmed">
              {words.overview.lastMinute(tell.number(minute.data))}
            </Text>
          </div>
        )}
        <Divider />
        <Line label={words.overview.lag}>
          {lag == null ? (
            '–'
          ) : (
            <Mark color={isBehind ? 'yellow' : 'teal'}>
              {isBehind ? words.overview.lagBehind(tell.length(lag.seconds * 1_000)) : words.overview.lagNone}
            </Mark>
          )}
        </Line>
        <Line label={words.overview.system}>
          {standing.data === undefined ? (
            '–'
          ) : (
            <Mark color={standing.data.status === 'ok' ? 'teal' : 'red'}>
              {standing.data.status === 'ok' ? words.overview.systemOk : words.overview.systemDegraded}
            </Mark>
          )}
        </Line>
      </Stack>
    </Card>
  )
}

function Line({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Group justify="space-between">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <div>{children}</div>
    </Group>
  )
}
