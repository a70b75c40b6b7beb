// What somebody should look at: checks that found something, keys that end soon, parts that are away.

import { Anchor, Card, Group, Skeleton, Stack, Text, ThemeIcon } from '@mantine/core'
import { CheckCircledIcon, ExclamationTriangleIcon } from '@radix-ui/react-icons'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { diagnosisQuestion, type Key, keysQuestion, type Standing, standingQuestion } from '../questions.ts'
import { Unavailable } from '../states.tsx'
import { tellCheck } from '../words/checks.ts'
import { useNow } from '../use-now.ts'
import { type Tell, useSpeech } from '../words/language.tsx'
import type { Words } from '../words/en.ts'
import { verdictColors } from './verdict.tsx'

type Point = { id: string; color: string; title: string; text: string; to: string }

const soonMs = 14 * 86_400_000

export function Attention({ product }: { product: string }) {
  const { words, language, tell } = useSpeech()
  const diagnosis = useQuery(diagnosisQuestion(product, 'live', '24h'))
  const keys = useQuery(keysQuestion(product))
  const nowMs = useNow()
  const { data: standing } = useQuery(standingQuestion)
  const checks = (diagnosis.data?.checks ?? []).filter(
    ({ verdict }) => verdict === 'problem' || verdict === 'attention',
  )
  const points: Point[] = [
    ...partsAway(standing, product, words),
    ...checks.map(check => {
      const { title, found } = tellCheck(check, language, tell)
      return { id: check.check, color: verdictColors[check.verdict], title, text: found, to: `/${product}/help` }
    }),
    ...keyPoints(keys.data, product, words, tell, nowMs),
  ]
  return (
    <Card>
      <Text fw={600} component="h2" fz="md" mb="sm">
        {words.overview.attention}
      </Text>
      {diagnosis.data === undefined ? (
        diagnosis.isPending ? (
          <Skeleton height={64} />
        ) : (
          <Unavailable error={diagnosis.error} retry={() => void diagnosis.refetch()} />
        )
      ) : points.length === 0 ? (
        <Group gap="sm" wrap="nowrap">
          <ThemeIcon variant="light" radius="xl" size={36} aria-hidden>
            <CheckCircledIcon width={20} height={20} />
          </ThemeIcon>
          <div>
            <Text size="sm">{words.overview.attentionNone}</Text>
            <Text size="xs" c="dimmed">
              {words.overview.attentionNoneHint}
            </Text>
          </div>
        </Group>
      ) : (
        <Stack gap="md">
          {points.map(point => (
            <Group key={point.id} gap="sm" wrap="nowrap" align="flex-start">
              <ThemeIcon variant="light" color={point.color} radius="xl" size={36} aria-hidden>
                <ExclamationTriangleIcon width={18} height={18} />
              </ThemeIcon>
              <div style={{ flex: 1 }}>
                <Text fw={600} size="sm">
                  {point.title}
                </Text>
                <Text size="sm" c="dimmed">
                  {point.text}
                </Text>
              </div>
              <Anchor component={Link} to={point.to} size="sm" aria-label={`${words.overview.look}: ${point.title}`}>
                {words.overview.look}
              </Anchor>
            </Group>
          ))}
        </Stack>
      )}
    </Card>
  )
}

function partsAway(standing: Standing | undefined, product: string, words: Words): Point[] {
  const stages = Object.entries(standing?.stages ?? {}).filter(([, stage]) => !stage.ready)
  return stages.map(([name, { why }]) => ({
    id: `stage ${name}`,
    color: 'red',
    title: words.overview.systemDegraded,
    text: words.overview.partAway(name, why ?? '–'),
    to: `/${product}/system`,
  }))
}

function keyPoints(
  keys: readonly Key[] | undefined,
  product: string,
  words: Words,
  tell: Tell,
  nowMs: number,
): Point[] {
  if (keys === undefined) return []
  const able = keys.filter(
    ({ state, scopes, mode }) => state === 'active' && scopes.includes('ingest') && mode === 'live',
  )
  const to = `/${product}/keys`
  const ending = able.filter(({ expires_at: at }) => at !== null && Date.parse(at) - nowMs < soonMs)
  const told = (id: string, color: string, text: string) => ({ id, color, title: words.pages.keys, text, to })
  return [
    ...(able.length === 0 ? [told('no key', 'yellow', words.overview.noKey)] : []),
    ...ending.map(({ id, name, expires_at: at }) =>
      told(id, 'yellow', words.overview.keyEnds(name, tell.fromNow(at!, nowMs))),
    ),
  ]
}
