// How much of its limit a key uses: in the table of keys in short, and opened over an hour, a day or a week, with a verdict, and
// for admins the limit to change.

import {
  Alert,
  Badge,
  Button,
  Card,
  Code,
  Drawer,
  Group,
  NumberInput,
  Progress,
  SegmentedControl,
  SimpleGrid,
  Skeleton,
  Stack,
  Text,
} from '@mantine/core'
import { BarChartIcon } from '@radix-ui/react-icons'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, lazy, type ReactNode, Suspense, useState } from 'react'
import { type Key, keyUsageQuestion, useNewLimit } from '../questions.ts'
import { useLooking } from '../shell.tsx'
import { Empty, Stale, Unanswered, Why } from '../states.tsx'
import type { Usage, UsageOfOne } from '../usage.ts'
import { useNotice } from '../use-notice.ts'
import { useSpeech } from '../words/language.tsx'
import { Mark, verdictColors } from './verdict.tsx'

const UsageChart = lazy(() => import('./usage-chart.tsx'))

const limitMax = 6_000_000
const windows = ['1h', '24h', '7d'] as const

/** Of one key in the table. */
export function ShortUsage({ limit, usage }: { limit: number; usage: Usage | undefined }) {
  const { words, tell } = useSpeech()
  const said = words.usage
  const { peak = null, over_limit: over = 0, now, verdict = 'nothing' } = usage ?? {}
  return (
    <Stack gap={4} miw={{ base: 100, sm: 170 }}>
      <Group gap="xs">
        <Text size="sm">{said.aMinute(tell.number(limit))}</Text>
        {over > 0 && (
          <Badge size="sm" variant="light" color={verdictColors[verdict]} tt="none">
            {said.refusedShort(tell.number(over))}
          </Badge>
        )}
      </Group>
      {peak !== null && (
        <Progress
          value={Math.min(100, peak.share * 100)}
          color={verdictColors[verdict]}
          aria-label={said.peakOf(tell.share(peak.share))}
        />
      )}
      <Text size="xs" c="dimmed">
        {peak !== null && now !== undefined
          ? `${said.peakOf(tell.share(peak.share))} · ${said.inLastMinute(tell.number(now.requests))}`
          : usage === undefined
            ? '–'
            : said.none}
      </Text>
    </Stack>
  )
}

export function OpenedUsage({ opened, close }: { opened: Key | null; close: () => void }) {
  const { words } = useSpeech()
  return (
    <Drawer
      opened={opened !== null}
      onClose={close}
      position="right"
      size="xl"
      title={
        <Text fw={700} component="span">
          {opened === null ? '' : words.usage.title(opened.name)}
        </Text>
      }
      closeButtonProps={{ 'aria-label': words.keys.close }}
    >
      {opened !== null && <Opened key={opened.id} of={opened} />}
    </Drawer>
  )
}

function Opened({ of }: { of: Key }) {
  const { words, tell } = useSpeech()
  const { role } = useLooking()
  const [window, setWindow] = useState<(typeof windows)[number]>('24h')
  const usage = useQuery(keyUsageQuestion(of.id, window))
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        <Code>{of.prefix}…</Code> {words.usage.ofKey(words.mode[of.mode], of.expires_at && tell.moment(of.expires_at))}
      </Text>
      <SegmentedControl
        aria-label={words.usage.window}
        data={windows.map(value => ({ value, label: words.usage.windows[value] }))}
        value={window}
        onChange={value => setWindow(value as typeof window)}
        style={{ alignSelf: 'start' }}
      />
      <Stale of={[usage]} />
      {usage.data === undefined ? (
        <Unanswered of={usage} rows={3} />
      ) : (
        <Told usage={usage.data}>
          {role === 'admin' && of.state === 'active' && (
            <NewLimit key={usage.data.suggested_rate_limit} of={of} suggested={usage.data.suggested_rate_limit} />
          )}
        </Told>
      )}
    </Stack>
  )
}

function Told({ usage, children }: { usage: UsageOfOne; children: ReactNode }) {
  const { words, tell } = useSpeech()
  if (usage.peak === null)
    return (
      <Empty icon={<BarChartIcon width={24} height={24} />} title={words.usage.empty} text={words.usage.emptyText} />
    )
  return (
    <>
      <Card padding="md" data-testid="usage-verdict">
        <Group align="flex-start" wrap="nowrap">
          <Mark color={verdictColors[usage.verdict]}>{words.help.verdicts[usage.verdict]}</Mark>
          <Text size="sm">{words.usage.said(usage, tell)}</Text>
        </Group>
      </Card>
      <Figures usage={usage} peak={usage.peak} />
      {children}
      <Suspense fallback={<Skeleton height={480} />}>
        <UsageChart usage={usage} />
      </Suspense>
    </>
  )
}

function Figures({ usage, peak }: { usage: UsageOfOne; peak: NonNullable<Usage['peak']> }) {
  const { words, tell } = useSpeech()
  const said = words.usage
  const { now, rate_limit: limit, over_limit: over, asked_max: asked, requests, rejected, events } = usage
  const figures = [
    ['now', tell.number(now.requests), said.ofLimit(tell.number(limit))],
    ['peak', tell.share(peak.share), said.at(tell.moment(peak.at))],
    ['asked', tell.number(asked), said.askedHint],
    ['refused', tell.number(over), said.ofRequests(tell.share(over / Math.max(1, over + requests)))],
    ['rejected', tell.number(rejected), said.refusedHint],
    ['events', tell.number(events), said.requests(tell.number(requests))],
  ] as const
  return (
    <SimpleGrid cols={{ base: 2, sm: 3 }} spacing="sm">
      {figures.map(([name, value, hint]) => (
        <Card key={name} padding="sm" data-testid={`usage-${name}`}>
          <Text size="sm" c="dimmed">
            {said.figures[name]}
          </Text>
          <Text fz={22} fw={700} lh={1.3}>
            {value}
          </Text>
          <Text size="xs" c="dimmed">
            {hint}
          </Text>
        </Card>
      ))}
    </SimpleGrid>
  )
}

function NewLimit({ of, suggested }: { of: Key; suggested: number | null }) {
  const { words, tell } = useSpeech()
  const tellDone = useNotice()
  const changing = useNewLimit()
  const [limit, setLimit] = useState(suggested ?? of.rate_limit)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    changing.mutate(
      { id: of.id, rate_limit: limit },
      { onSuccess: key => tellDone(words.usage.changed(key.name, tell.number(key.rate_limit))) },
    )
  }
  return (
    <Card padding="md">
      <form onSubmit={submit}>
        {changing.error !== null && (
          <Alert color="red" mb="sm">
            <Why error={changing.error} />
          </Alert>
        )}
        <Group align="flex-end">
          <NumberInput
            label={words.usage.newLimit}
            {...(suggested !== null && { description: words.usage.suggestion(tell.number(suggested)) })}
            value={limit}
            onChange={value => setLimit(Number(value) || 1)}
            min={1}
            max={limitMax}
            allowDecimal={false}
            hideControls
            thousandSeparator=","
          />
          <Button type="submit" loading={changing.isPending} disabled={limit === of.rate_limit}>
            {words.usage.change}
          </Button>
        </Group>
      </form>
    </Card>
  )
}
