// What an operator looks at first: does it come, how much, against yesterday, and what needs somebody.

import { Badge, Button, Card, Grid, Group, Skeleton, Stack, Text } from '@mantine/core'
import { RocketIcon } from '@radix-ui/react-icons'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { compareMoney, currenciesOf, type Days, daysAt, hourPoints } from '../days.ts'
import {
  hoursQuestion,
  keysQuestion,
  moneyQuestion,
  ratesQuestion,
  type ReportRow,
  totalsQuestion,
} from '../questions.ts'
import { useLooking } from '../shell.tsx'
import { Empty, Stale, Unanswered } from '../states.tsx'
import { useNow } from '../use-now.ts'
import { useSpeech } from '../words/language.tsx'
import { Attention } from './attention.tsx'
import { Hours } from './hours.tsx'
import { JustNow } from './just-now.tsx'
import { NoProducts } from './no-products.tsx'
import { PageHead } from './page-head.tsx'

export default function Overview() {
  const { product } = useLooking()
  return product === null ? <NoProducts /> : <OverviewOf product={product} />
}

/** Moves on when the hour does. */
function useDays(): Days {
  return daysAt(useNow())
}

function OverviewOf({ product }: { product: string }) {
  const { words } = useSpeech()
  const days = useDays()
  const hours = useQuery(hoursQuestion(product, new Date(days.yesterdayMs).toISOString()))
  const isQuiet = hours.data?.length === 0
  const totals = useQuery({ ...totalsQuestion, enabled: isQuiet })
  const rates = useQuery(ratesQuestion)
  const converted = (rates.data?.length ?? 0) > 0
  const money = useQuery({
    ...moneyQuestion(product, days, converted),
    enabled: !rates.isPending,
  })

  if (hours.data === undefined) return <Unanswered of={hours} rows={5} />
  if (isQuiet && totals.data === undefined) return <Unanswered of={totals} rows={5} />
  const had = (mode: string) =>
    totals.data?.some(row => row.product === product && row.mode === mode && row.events > 0) === true
  const isActive = !isQuiet || had('live')
  return (
    <>
      <PageHead
        title={product}
        lead={isActive ? words.overview.activeHint : words.overview.pendingHint}
        badge={
          <Badge size="lg" variant={isActive ? 'filled' : 'light'} color={isActive ? 'teal' : 'yellow'} tt="none">
            {isActive ? words.overview.active : words.overview.pending}
          </Badge>
        }
      />
      <Stack>
        <Stale of={[totals, hours, money]} />
        {!isActive && <Begin product={product} hasTests={had('test')} />}
        <Grid gap="md">
          {isActive && (
            <Grid.Col span={12}>
              <Figures hours={hours.data} money={money.data} converted={converted} days={days} />
            </Grid.Col>
          )}
          {isActive && (
            <Grid.Col span={{ base: 12, lg: 8 }}>
              <Card h="100%">
                <Text fw={600} component="h2" fz="md">
                  {words.overview.perHour}
                </Text>
                <Text size="sm" c="dimmed" mb="md">
                  {words.overview.perHourHint}
                </Text>
                <Hours points={hourPoints(hours.data, days)} />
              </Card>
            </Grid.Col>
          )}
          <Grid.Col span={{ base: 12, lg: isActive ? 4 : 12 }}>
            <JustNow product={product} />
          </Grid.Col>
          <Grid.Col span={12}>
            <Attention product={product} />
          </Grid.Col>
        </Grid>
      </Stack>
    </>
  )
}

function Begin({ product, hasTests }: { product: string; hasTests: boolean }) {
  const { words } = useSpeech()
  const keys = useQuery(keysQuestion(product))
  const hasKey = keys.data?.some(({ mode, state }) => mode === 'live' && state === 'active') === true
  return (
    <Empty
      icon={<RocketIcon width={26} height={26} />}
      title={words.overview.begin}
      text={hasTests ? words.overview.testOnly : hasKey ? words.overview.keyMade : words.overview.beginText}
    >
      <Group justify="center">
        <Button component={Link} to={`/${product}/keys`} {...(hasKey && { variant: 'default' })}>
          {hasKey ? words.overview.toKeys : words.overview.makeKey}
        </Button>
        <Button component={Link} to={`/${product}/help`} {...(!hasKey && { variant: 'default' })}>
          {words.overview.showSnippet}
        </Button>
      </Group>
    </Empty>
  )
}

const moneyColumns = [
  ['deposits', 'deposit_amount'],
  ['withdrawals', 'withdraw_amount'],
  ['ggr', 'ggr'],
] as const

function Figures(props: {
  hours: Parameters<typeof hourPoints>[0] | undefined
  money: ReportRow[] | undefined
  converted: boolean
  days: Days
}) {
  const { hours, money, converted, days } = props
  const { words, tell } = useSpeech()
  const currencies = money === undefined ? [] : currenciesOf(money)
  const currency = converted ? 'USD' : currencies[0]
  const unconverted = (money ?? []).reduce((sum, row) => sum + (row.unconverted_count ?? 0), 0)
  const clock = `${String(days.hour).padStart(2, '0')}:00`
  const points = hours && hourPoints(hours, days)
  const over = points?.slice(0, days.hour) ?? []
  const sumOf = (values: (number | null)[]) => values.reduce<number>((sum, value) => sum + (value ?? 0), 0)
  const [todayUntil, yesterdayUntil] = [sumOf(over.map(one => one.today)), sumOf(over.map(one => one.yesterday))]
  return (
    <Stack gap="xs">
      <Grid gap="md">
        <Grid.Col span={{ base: 12, xs: 6, lg: 3 }}>
          <Figure
            label={words.overview.eventsToday}
            value={points && tell.number(sumOf(points.map(one => one.today)))}
            before={
              yesterdayUntil === 0
                ? words.overview.yesterdayNone(clock)
                : words.overview.yesterdayUntil(tell.number(todayUntil), tell.number(yesterdayUntil), clock)
            }
            change={ratioOf(todayUntil, yesterdayUntil)}
          />
        </Grid.Col>
        {moneyColumns.map(([name, column]) => {
          const compared = money && currency !== undefined ? compareMoney(money, column, currency, days) : undefined
          return (
            <Grid.Col key={name} span={{ base: 12, xs: 6, lg: 3 }}>
              <Figure
                label={words.overview[name]}
                value={money && (compared === undefined ? '–' : tell.money(compared.today, currency ?? ''))}
                before={
                  compared === undefined
                    ? words.overview.noMoney
                    : compared.yesterdayUntil === '0'
                      ? words.overview.yesterdayNone(clock)
                      : words.overview.yesterdayUntil(
                          tell.money(compared.todayUntil, currency ?? ''),
                          tell.money(compared.yesterdayUntil, currency ?? ''),
                          clock,
                        )
                }
                change={
                  compared === undefined ? null : ratioOf(Number(compared.todayUntil), Number(compared.yesterdayUntil))
                }
              />
            </Grid.Col>
          )
        })}
      </Grid>
      {!converted && currencies.length > 1 && (
        <Text size="xs" c="dimmed">
          {currency} {words.overview.otherCurrencies(currencies.length - 1)}
        </Text>
      )}
      {unconverted > 0 && (
        <Text size="xs" c="dimmed">
          {words.overview.unconverted(tell.number(unconverted))}
        </Text>
      )}
    </Stack>
  )
}

function Figure({
  label,
  value,
  before,
  change,
}: {
  label: string
  value: string | undefined
  before: string
  change: number | null
}) {
  const { tell } = useSpeech()
  return (
    <Card h="100%" padding="md">
      <Group justify="space-between" wrap="nowrap" gap={6}>
        <Text size="sm" c="dimmed">
          {label}
        </Text>
        {change !== null && Number.isFinite(change) && (
          <Badge variant="light" color={change < 0 ? 'orange' : 'teal'}>
            {change > 0 ? '+' : ''}
            {tell.share(change)}
          </Badge>
        )}
      </Group>
      {value === undefined ? (
        <Skeleton height={32} my={4} />
      ) : (
        <Text fz={fitting(value)} fw={700} lh="36px">
          {value}
        </Text>
      )}
      <Text size="xs" c="dimmed">
        {value === undefined ? '\u00a0' : before}
      </Text>
    </Card>
  )
}

/** Millions with their cents are no wider than the card. */
function fitting(value: string): number {
  return value.length > 17 ? 15 : value.length > 14 ? 18 : 22
}

/** null where there is nothing to compare with. */
function ratioOf(today: number, yesterday: number): number | null {
  return yesterday === 0 ? null : (today - yesterday) / Math.abs(yesterday)
}
