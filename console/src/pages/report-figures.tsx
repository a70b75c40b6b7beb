// A report at a glance: six figures against the period before, and how far those came who registered.

import { Badge, Card, Group, Progress, SimpleGrid, Stack, Text } from '@mantine/core'
import { changeOf, subtractDecimals } from '../decimals.ts'
import type { Line } from '../report-lines.ts'
import { useSpeech } from '../words/language.tsx'
import { isAmount, isShare, tellValue } from './report-columns.ts'

type Both = { line: Line; before: Line | undefined; currency: string }

const figures = [
  ['registrations', 'registrations', 'active_users'],
  ['ftd', 'ftd_count', 'ftd_amount'],
  ['deposits', 'deposit_amount', 'deposit_count'],
  ['withdrawals', 'withdraw_amount', 'withdraw_count'],
  ['ggr', 'ggr', 'stake'],
  ['hold', 'hold', 'net_deposits'],
] as const

export function ReportFigures({ line, before, currency }: Both) {
  const { words, tell } = useSpeech()
  const value = (of: Line | undefined, column: string) => tellValue(column, of?.[column], currency, tell)
  const shown = (of: Line | undefined, column: string) =>
    isAmount(column) && of?.[column] != null
      ? tell.money(String(of[column]), currency).replaceAll('\u00a0', ' ')
      : value(of, column)
  return (
    <SimpleGrid cols={{ base: 2, lg: 3 }} spacing="md">
      {figures.map(([name, column, second]) => (
        <Card key={name} padding="md" data-testid={`figure-${name}`}>
          <Group justify="space-between" gap={4}>
            <Text size="sm" c="dimmed">
              {words.reports.figures[name]}
            </Text>
            {before !== undefined && <Change column={column} line={line} before={before} />}
          </Group>
          <Text fz={{ base: 18, sm: 24 }} fw={700} lh={1.4}>
            {shown(line, column)}
          </Text>
          <Text size="xs" c="dimmed">
            {before === undefined ? '\u00a0' : words.reports.before(shown(before, column))}
          </Text>
          <Text size="xs" c="dimmed">
            {words.reports.columns[second]}: {shown(line, second)}
          </Text>
        </Card>
      ))}
    </SimpleGrid>
  )
}

function Change({ column, line, before }: { column: string; line: Line; before: Line | undefined }) {
  const { words, tell } = useSpeech()
  const text = tellChange(column, line, before, { tell, points: words.reports.points })
  if (text === '–')
    return (
      <Text size="sm" c="dimmed" title={words.reports.change}>
        –
      </Text>
    )
  return (
    <Badge variant="light" color={colorOf(column, text)} title={words.reports.change}>
      {text}
    </Badge>
  )
}

/** More withdrawals are neither good nor bad. */
function colorOf(column: string, text: string): string {
  if (column === 'withdraw_amount' || !/^[+-]/.test(text)) return 'gray'
  return text.startsWith('+') ? 'teal' : 'orange'
}

/** Of shares by points, of all else in percent; – where nothing was before. */
export function tellChange(
  column: string,
  line: Line,
  before: Line | undefined,
  say: { tell: { share(value: number): string; rate(value: number): string }; points(value: string): string },
): string {
  const [now, then] = [line[column], before?.[column]]
  if (now === null || now === undefined || then === null || then === undefined) return '–'
  const signed = (change: number, text: string) => (change > 0 ? `+${text}` : text)
  if (isShare(column)) {
    const points = Number(subtractDecimals(String(now), String(then))) * 100
    return say.points(signed(points, say.tell.rate(points)))
  }
  const change = changeOf(String(now), String(then))
  return change === null ? '–' : signed(Number(change), say.tell.share(Number(change)))
}

const steps = [
  ['registered', null],
  ['deposited_once', 'deposited_once_rate'],
  ['deposited_twice', 'repeat_rate'],
] as const

export function Funnel({ line, before }: { line: Line; before: Line | undefined }) {
  const { words, tell } = useSpeech()
  const most = Number(line['registered'] ?? 0)
  return (
    <Card data-testid="funnel">
      <Text fw={600} component="h2" fz="md">
        {words.reports.funnel}
      </Text>
      <Text size="sm" c="dimmed" mb="md">
        {words.reports.funnelHint}
      </Text>
      <Stack gap="md">
        {steps.map(([column, rate]) => (
          <div key={column}>
            <Group justify="space-between" gap="xs">
              <Text size="sm" fw={600}>
                {words.reports.columns[column]}: {tell.number(Number(line[column] ?? 0))}
              </Text>
              <Group gap="xs">
                <Text size="sm" c="dimmed">
                  {rate !== null && typeof line[rate] === 'string'
                    ? `${words.reports.ofBefore(tell.share(Number(line[rate])))} · `
                    : ''}
                  {words.reports.before(before === undefined ? '–' : tell.number(Number(before[column] ?? 0)))}
                </Text>
                <Change column={column} line={line} before={before} />
              </Group>
            </Group>
            <Progress
              aria-label={words.reports.columns[column]}
              value={most === 0 ? 0 : (Number(line[column] ?? 0) / most) * 100}
              size="lg"
              mt={4}
              color="#0072b2"
            />
          </div>
        ))}
      </Stack>
    </Card>
  )
}
