// Players and money: what came of a period against the one before, by day, game type, provider and click. The API makes every
// sum; what is shown here of it is in the address.

import { Button, Card, Group, Select, Skeleton, Stack, Tabs, Text } from '@mantine/core'
import { BarChartIcon } from '@radix-ui/react-icons'
import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { daysOf, type Period, periodBefore } from '../periods.ts'
import { type Report, type ReportWish, ratesQuestion, reportQuestion } from '../questions.ts'
import { currenciesIn, everyLine, hasAnything, hasBets, type Line, linesOf, readSort } from '../report-lines.ts'
import { useLooking } from '../shell.tsx'
import { Empty, Loading, Stale, Unavailable } from '../states.tsx'
import { useSpeech } from '../words/language.tsx'
import { NoProducts } from './no-products.tsx'
import { PageHead } from './page-head.tsx'
import { type Choices, convertedChoice, ReportChoices, useChoices, withoutChoice } from './report-choices.tsx'
import { dimensionOf, metricsOf, type ReportName, reportNames, shownColumns, sortOf } from './report-columns.ts'
import { Funnel, ReportFigures } from './report-figures.tsx'
import { ReportTable } from './report-table.tsx'

const ReportChart = lazy(() => import('./report-chart.tsx'))

export default function Reports() {
  const { product } = useLooking()
  const { words } = useSpeech()
  const choices = useChoices()
  if (product === null) return <NoProducts />
  const { period } = choices
  return (
    <>
      <PageHead title={words.pages.reports} lead={words.reports.lead} />
      {period === null ? (
        <ReportChoices choices={choices} currencies={[]} canConvert={false} currency={choices.read('currency') ?? ''} />
      ) : (
        <ReportsOf product={product} period={period} choices={choices} />
      )}
    </>
  )
}

type Asked = { choices: Choices; product: string; period: Period; currency: string; converted: boolean }

function ReportsOf({ product, period, choices }: { product: string; period: Period; choices: Choices }) {
  const { words, tell } = useSpeech()
  const rates = useQuery(ratesQuestion)
  const canConvert = (rates.data?.length ?? 0) > 0
  const wish: ReportWish = { product, ...period, tz: choices.zone, converted: false }
  const plain = useQuery(reportQuestion('summary', wish))
  const currencies = currenciesIn(plain.data?.rows ?? [])
  const chosen = choices.read('currency') ?? (canConvert ? convertedChoice : (currencies[0] ?? 'USD'))
  const converted = chosen === convertedChoice
  const currency = converted ? 'USD' : chosen === withoutChoice ? '' : chosen
  const summary = useQuery(reportQuestion('summary', { ...wish, converted }))
  const before = useQuery(reportQuestion('summary', { ...wish, ...periodBefore(period), converted }))
  const funnel = useQuery(reportQuestion('funnel', wish))
  const funnelBefore = useQuery(reportQuestion('funnel', { ...wish, ...periodBefore(period) }))
  const all = [plain, summary, before, funnel, funnelBefore]
  const failed = [plain, summary].find(({ data, isError }) => data === undefined && isError)
  const retry = () => {
    for (const one of all) if (one.isError) void one.refetch()
  }
  const unconverted = (summary.data?.rows ?? []).reduce((sum, row) => sum + Number(row['unconverted_count'] ?? 0), 0)
  const others = currencies.filter(one => one !== currency).map(one => one || words.reports.withoutCurrency)
  const line = wholeOf(summary, currency)

  return (
    <Stack>
      <ReportChoices
        choices={choices}
        currencies={currencies}
        canConvert={canConvert}
        currency={converted ? convertedChoice : currency}
      />
      <Stale of={all} />
      {failed !== undefined ? (
        <Unavailable error={failed.error} retry={retry} />
      ) : line === undefined || plain.data === undefined || rates.isPending ? (
        <Loading rows={5} />
      ) : plain.data.rows.every(row => !hasAnything({ ...row, name: '' })) ? (
        <Empty
          icon={<BarChartIcon width={24} height={24} />}
          title={words.reports.empty}
          text={words.reports.emptyText}
        >
          <Button variant="default" onClick={() => choices.choose({ range: '30d', from: null, to: null })}>
            {words.reports.wider}
          </Button>
        </Empty>
      ) : (
        <>
          <ReportFigures line={line} before={wholeOf(before, currency)} currency={currency} />
          {converted && unconverted > 0 && (
            <Text size="sm" c="dimmed" role="status">
              {words.reports.unconverted(tell.number(unconverted))}
            </Text>
          )}
          {!converted && others.length > 0 && (
            <Text size="sm" c="dimmed">
              {words.reports.otherCurrencies(others.join(', '))}
            </Text>
          )}
          {funnel.data === undefined ? (
            funnel.isError ? (
              <Unavailable error={funnel.error} retry={retry} />
            ) : (
              <Skeleton height={220} radius="lg" />
            )
          ) : (
            <Funnel line={funnelLine(funnel)!} before={funnelLine(funnelBefore)} />
          )}
          <Breakdown
            {...{ choices, product, period, currency, converted }}
            whole={line}
            before={wholeOf(before, currency)}
            funnel={funnelLine(funnel)}
            funnelBefore={funnelLine(funnelBefore)}
          />
        </>
      )}
    </Stack>
  )
}

type Wholes = Record<'before' | 'funnel' | 'funnelBefore', Line | undefined> & { whole: Line }

function Breakdown(props: Asked & Wholes) {
  const { words } = useSpeech()
  const { choices } = props
  const asked = choices.read('report')
  const report = reportNames.find(name => name === asked) ?? 'daily'
  return (
    <Tabs value={report} onChange={chosen => choices.choose({ report: chosen, sort: null, chart: null })}>
      <Tabs.List aria-label={words.reports.by} mb="md">
        {reportNames.map(name => (
          <Tabs.Tab key={name} value={name}>
            {words.reports.reports[name]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {reportNames.map(name => (
        <Tabs.Panel key={name} value={name}>
          {name === report && <One {...props} report={report} />}
        </Tabs.Panel>
      ))}
    </Tabs>
  )
}

function One(props: Asked & Wholes & { report: ReportName }) {
  const { choices, product, period, currency, converted, report } = props
  const { words } = useSpeech()
  const wish: ReportWish = { product, ...period, tz: choices.zone, converted }
  const rows = useQuery(reportQuestion(report, wish))
  const earlier = useQuery({
    ...reportQuestion('daily', { ...wish, ...periodBefore(period) }),
    enabled: report === 'daily',
  })
  if (rows.data === undefined)
    return rows.isError ? (
      <Unavailable error={rows.error} retry={() => void rows.refetch()} />
    ) : (
      <Skeleton height={320} radius="lg" />
    )
  const lines = readLines(report, rows.data, currency, period)
  const metric = metricsOf[report].find(one => one === choices.read('chart')) ?? metricsOf[report][0]!
  const isFunnel = report === 'funnel-clicks'
  const before = earlier.data === undefined ? [] : readLines('daily', earlier.data, currency, periodBefore(period))
  return (
    <Stack>
      <Stale of={[rows]} />
      {lines.length > 0 && (
        <Card>
          <Group justify="flex-end" mb="sm">
            <Select
              aria-label={words.reports.chart}
              data={metricsOf[report].map(value => ({
                value,
                label: value === 'money' ? words.reports.money : words.reports.columns[value],
              }))}
              value={metric}
              onChange={chosen => choices.choose({ chart: chosen })}
              allowDeselect={false}
              w={230}
            />
          </Group>
          <Suspense fallback={<Skeleton height={280} />}>
            <ReportChart {...{ report, lines, before, metric, currency }} />
          </Suspense>
        </Card>
      )}
      <ReportTable
        {...{ report, product, period, currency, converted, lines }}
        whole={isFunnel ? (props.funnel ?? { name: '' }) : props.whole}
        before={isFunnel ? props.funnelBefore : props.before}
        isAtLimit={rows.data.at_limit === true}
        sort={readSort(choices.read('sort') ?? sortOf[report])}
        setSort={sort => choices.choose({ sort })}
        columns={shownColumns(report, choices.read('columns'))}
        setColumns={chosen => choices.choose({ columns: chosen.join(',') })}
      />
    </Stack>
  )
}

function readLines(report: ReportName, { rows }: Report, currency: string, period: Period): Line[] {
  if (report === 'funnel-clicks') return rows.map(row => ({ ...row, name: String(row['click_id'] ?? '') }))
  const lines = linesOf(rows, dimensionOf[report], currency)
  if (report === 'daily') return everyLine(lines, daysOf(period))
  return report === 'clicks' ? lines : lines.filter(hasBets)
}

/** A period in which nothing happened has one line of zeros. */
function wholeOf({ data }: UseQueryResult<Report>, currency: string): Line | undefined {
  return data === undefined ? undefined : everyLine(linesOf(data.rows, null, currency), [''])[0]
}

function funnelLine({ data }: UseQueryResult<Report>): Line | undefined {
  return data === undefined ? undefined : { ...data.rows[0], name: '' }
}
