// The four states that every page has beside the good one: loading, empty, failed, and stale (what was known, while nothing new
// can be learned).

import { Alert, Button, Card, Group, Skeleton, Stack, Text, ThemeIcon, Title, VisuallyHidden } from '@mantine/core'
import { CounterClockwiseClockIcon, ExclamationTriangleIcon } from '@radix-ui/react-icons'
import type { UseQueryResult } from '@tanstack/react-query'
import { Component, type ComponentType, lazy, type ReactNode, Suspense } from 'react'
import { Failure } from './api.ts'
import type { Words } from './words/en.ts'
import { useSpeech } from './words/language.tsx'

export function Loading({ rows = 4 }: { rows?: number }) {
  const { words } = useSpeech()
  return (
    <Stack role="status" aria-live="polite" gap="md" p="md">
      <VisuallyHidden>{words.loading}</VisuallyHidden>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={row === 0 ? 36 : 84} radius="lg" />
      ))}
    </Stack>
  )
}

export function Empty({
  icon,
  title,
  text,
  children,
}: {
  icon: ReactNode
  title: string
  text: string
  children?: ReactNode
}) {
  return (
    <Card>
      <Stack align="center" py="xl" gap="sm">
        <ThemeIcon size={56} radius="xl" variant="light" aria-hidden>
          {icon}
        </ThemeIcon>
        <Title order={2} size="h3" ta="center">
          {title}
        </Title>
        <Text c="dimmed" maw={460} ta="center">
          {text}
        </Text>
        {children}
      </Stack>
    </Card>
  )
}

export function Unavailable({ error, retry }: { error: Error | null; retry: () => void }) {
  const { words } = useSpeech()
  return (
    <Alert
      m="md"
      role="alert"
      color="red"
      variant="light"
      radius="lg"
      icon={<ExclamationTriangleIcon />}
      title={words.failure.title}
    >
      <Stack gap="sm" align="start">
        <Text size="sm">
          <Why error={error} isTriedAgain />
        </Text>
        <Button size="xs" variant="default" onClick={retry}>
          {words.failure.retry}
        </Button>
      </Stack>
    </Alert>
  )
}

/** What stands where a question has no answer yet. */
export function Unanswered({
  of,
  rows,
}: {
  of: Pick<UseQueryResult, 'isPending' | 'error' | 'refetch'>
  rows?: number
}) {
  return of.isPending ? (
    <Loading {...(rows !== undefined && { rows })} />
  ) : (
    <Unavailable error={of.error} retry={() => void of.refetch()} />
  )
}

/** Shown above what a question answered before it began to fail. */
export function Stale({ of }: { of: { isError: boolean; data: unknown; dataUpdatedAt: number }[] }) {
  const { words, tell } = useSpeech()
  const failing = of.filter(({ isError, data }) => isError && data !== undefined)
  if (failing.length === 0) return null
  const oldestMs = Math.min(...failing.map(({ dataUpdatedAt }) => dataUpdatedAt))
  return (
    <Alert role="status" color="yellow" variant="light" radius="lg" icon={<CounterClockwiseClockIcon />}>
      {words.stale(tell.exactClock(oldestMs))}
    </Alert>
  )
}

/** Why a question has no answer, or something was not done. `isTriedAgain`: by the page itself. */
export function Why({ error, isTriedAgain = false }: { error: Error | null; isTriedAgain?: boolean }) {
  const { words } = useSpeech()
  if (!(error instanceof Failure)) return words.failure.broken
  const known = isTriedAgain ? away(error.code, words) : error.code === 'UNREACHABLE' ? words.failure.unanswered : null
  if (known !== null) return known
  return (
    <Suspense fallback={null}>
      <Refusal refused={error} />
    </Suspense>
  )
}

/** Its words are fetched when something was refused: most days none is. */
const Refusal = lazy(
  (): Promise<{ default: ComponentType<{ refused: Failure }> }> =>
    import('./pages/refusal.tsx').then(
      ({ Refusal: told }) => ({ default: told }),
      () => ({ default: ({ refused }) => refused.message }),
    ),
)

function away(code: string, { failure }: Words): string | null {
  if (code === 'UNREACHABLE') return failure.unreachable
  if (code === 'WAREHOUSE_AWAY') return failure.warehouse
  if (code === 'PIPELINE_AWAY') return failure.pipeline
  return code === 'WAREHOUSE_BUSY' || code === 'WAREHOUSE_SLOW' ? failure.busy : null
}

/** A page that fails takes nothing else along. */
export class Fault extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError() {
    return { failed: true }
  }

  override render() {
    return this.state.failed ? <Broken /> : this.props.children
  }
}

function Broken() {
  const { words } = useSpeech()
  return (
    <Alert m="md" role="alert" color="red" variant="light" radius="lg" icon={<ExclamationTriangleIcon />}>
      <Group justify="space-between">
        <Text size="sm">{words.failure.broken}</Text>
        <Button size="xs" variant="default" onClick={() => location.reload()}>
          {words.failure.reload}
        </Button>
      </Group>
    </Alert>
  )
}
