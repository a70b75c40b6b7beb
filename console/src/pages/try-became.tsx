// What became of a request that was sent for real: its receipt, asked until everything is processed, and the way to the event.

import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { ask } from '../api.ts'
import type { LiveEvent, Mode } from '../questions.ts'
import { receiptQuestion } from '../rejections.ts'
import { Why } from '../states.tsx'
import { useCall } from '../use-call.ts'
import { useTryWords } from '../words/try-it.ts'
import { OpenedEvent } from './opened-event.tsx'
import { Marks } from './outcomes.tsx'

export function TryBecame({ request, product, mode }: { request: string; product: string; mode: Mode }) {
  const told = useTryWords()
  const receipt = useQuery(receiptQuestion(request))
  const { run, isPending } = useCall()
  const [opened, open] = useState<LiveEvent | null>(null)
  const outcomes = receipt.data?.outcomes
  const look = async () => {
    const asked = await run(() => ask<{ events: LiveEvent[] }>('/api/events', { product, request, limit: 1 }))
    if ('answer' in asked) open(asked.answer.events[0] ?? null)
  }
  return (
    <Alert color="gray" title={told.became} data-testid="became">
      <Stack gap="xs">
        {outcomes !== undefined && <Marks receipt={{ outcomes }} />}
        {outcomes?.['queued'] !== 0 && (
          <Text size="sm">{receipt.error === null ? told.watching : <Why error={receipt.error} isTriedAgain />}</Text>
        )}
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            loading={isPending}
            disabled={(outcomes?.['stored'] ?? 0) === 0}
            onClick={() => void look()}
          >
            {told.openEvent}
          </Button>
          <Button size="xs" variant="default" component={Link} to={`/${product}/live?mode=${mode}`}>
            {told.openLive}
          </Button>
        </Group>
      </Stack>
      <OpenedEvent event={opened} close={() => open(null)} />
    </Alert>
  )
}
