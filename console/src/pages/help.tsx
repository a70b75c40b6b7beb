// The diagnostics: each check with its verdict, what was found, its numbers and causes, and what to change in the sender.

import { Accordion, Alert, Anchor, Badge, Card, Group, SimpleGrid, Stack, Table, Text, ThemeIcon } from '@mantine/core'
import { CheckCircledIcon, CrossCircledIcon, ExclamationTriangleIcon, MinusCircledIcon } from '@radix-ui/react-icons'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { type Check, type Diagnosis, diagnosisQuestion, type Mode, type Verdict } from '../questions.ts'
import { searchOf } from '../rejected-address.ts'
import { inert } from '../sent-body.ts'
import { useLooking } from '../shell.tsx'
import { Stale, Unanswered } from '../states.tsx'
import { tellCheck } from '../words/checks.ts'
import { useSpeech } from '../words/language.tsx'
import { numberName } from '../words/numbers.ts'
import { Fixing } from './fixing.tsx'
import { AsOf } from './as-of.tsx'
import { NoProducts } from './no-products.tsx'
import { PageHead } from './page-head.tsx'
import { ModeChoice, TimeChoice } from './scope-choices.tsx'
import { Mark, verdictColors } from './verdict.tsx'
import { WideTable } from './wide-table.tsx'

const icons: Record<Verdict, React.ReactNode> = {
  problem: <CrossCircledIcon width={20} height={20} />,
  attention: <ExclamationTriangleIcon width={20} height={20} />,
  good: <CheckCircledIcon width={20} height={20} />,
  nothing: <MinusCircledIcon width={20} height={20} />,
}

export default function Help() {
  const { product } = useLooking()
  return product === null ? <NoProducts /> : <HelpOf product={product} />
}

function HelpOf({ product }: { product: string }) {
  const { words } = useSpeech()
  const [mode, setMode] = useState<Mode>('live')
  const [window, setWindow] = useState('24h')
  const diagnosis = useQuery(diagnosisQuestion(product, mode, window))
  return (
    <>
      <PageHead title={words.pages.help} lead={words.help.lead}>
        <TimeChoice time={window} choose={chosen => setWindow(chosen ?? '24h')} />
        <ModeChoice mode={mode} choose={setMode} />
      </PageHead>
      <Stack>
        <Stale of={[diagnosis]} />
        {diagnosis.data !== undefined && !diagnosis.isError && <AsOf {...diagnosis.data} />}
        {diagnosis.data === undefined ? (
          <Unanswered of={diagnosis} rows={6} />
        ) : (
          <Told diagnosis={diagnosis.data} scope={{ product, mode, time: window }} />
        )}
      </Stack>
    </>
  )
}

type Scope = { product: string; mode: Mode; time: string }

function Told({ diagnosis, scope }: { diagnosis: Diagnosis; scope: Scope }) {
  const { words, language, tell } = useSpeech()
  const { verdict, checks, unknown_keys: unknown } = diagnosis
  const first = checks.find(check => check.verdict === verdict)
  const isWaiting = verdict === 'problem' && first?.check === 'processing'
  const next = first === undefined ? null : tellCheck(first, language, tell).next
  const [opened, setOpened] = useState(
    verdict === 'good' ? [] : [verdict === 'nothing' ? 'activity' : (first?.check ?? '')],
  )
  return (
    <>
      <Alert
        color={verdictColors[verdict]}
        variant="light"
        radius="lg"
        icon={icons[verdict]}
        title={isWaiting ? words.help.waiting : words.help.overall[verdict]}
      >
        {next !== null && (
          <Text size="sm">
            {words.help.nextStep}: {next}
          </Text>
        )}
      </Alert>
      <Accordion variant="separated" radius="lg" multiple value={opened} onChange={setOpened}>
        {checks.map(check => (
          <CheckItem
            key={check.check}
            check={check}
            diagnosis={diagnosis}
            scope={scope}
            isOpen={opened.includes(check.check)}
          />
        ))}
      </Accordion>
      {unknown !== null && unknown.length > 0 && (
        <Card>
          <Text fw={600}>{words.help.unknownKeys}</Text>
          <Text size="sm" c="dimmed" mb="sm">
            {words.help.unknownKeysHint}
          </Text>
          <Rows
            label={words.help.unknownKeys}
            head={[words.help.begins, words.help.address, words.help.requests, words.events.columns.lastSeen]}
            rows={unknown
              .slice(0, 10)
              .map(one => [
                one.prefix ?? words.help.noPrefix,
                one.address,
                tell.number(one.requests),
                tell.moment(one.last_at),
              ])}
          />
        </Card>
      )}
    </>
  )
}

type ItemProps = { check: Check; diagnosis: Diagnosis; scope: Scope; isOpen: boolean }

function CheckItem({ check, diagnosis, scope, isOpen }: ItemProps) {
  const { words, language, tell } = useSpeech()
  const told = tellCheck(check, language, tell)
  const isBad = check.verdict === 'problem' || check.verdict === 'attention'
  const isHelped = isBad || (check.check === 'activity' && check.verdict === 'nothing')
  return (
    <Accordion.Item value={check.check}>
      <Accordion.Control
        icon={
          <ThemeIcon variant="light" radius="xl" size={36} color={verdictColors[check.verdict]} aria-hidden>
            {icons[check.verdict]}
          </ThemeIcon>
        }
      >
        <Group justify="space-between" wrap="nowrap" gap="sm" pr="sm">
          <div>
            <Text fw={600}>{told.title}</Text>
            <Text size="sm" c="dimmed">
              {told.asks}
            </Text>
          </div>
          <Mark color={verdictColors[check.verdict]}>{words.help.verdicts[check.verdict]}</Mark>
        </Group>
      </Accordion.Control>
      <Accordion.Panel>
        <Stack>
          <Text>{told.found}</Text>
          {told.next !== null && (
            <Text size="sm">
              <Badge variant="light" mr="xs" tt="none">
                {words.help.nextStep}
              </Badge>
              {told.next}{' '}
              {told.place !== null && (
                <Anchor component={Link} to={`/${scope.product}/${told.place}`} inherit fw={600}>
                  {words.help.openPage(words.pages[told.place])}
                </Anchor>
              )}
            </Text>
          )}
          {isBad && <ToRejected check={check} scope={scope} />}
          {isBad && <ToUsage check={check} product={scope.product} />}
          <Numbers check={check} />
          {isHelped && isOpen && <Fixing check={check} diagnosis={diagnosis} scope={scope} />}
        </Stack>
      </Accordion.Panel>
    </Accordion.Item>
  )
}

/** Where what was refused or parked can be mended: of the commonest mistake, and of all others from there. */
function ToRejected({ check: { check, numbers }, scope: { product, ...scope } }: { check: Check; scope: Scope }) {
  const { words } = useSpeech()
  if (check !== 'schema' && check !== 'parked') return null
  if (check === 'schema' && numbers['kept_requests'] === 0) return null
  const told = (name: string) => (Array.isArray(numbers[name]) ? numbers[name][0] : undefined)
  const missing = told('missing')?.['field']
  const other = told('others')
  const cause =
    check === 'parked'
      ? { kind: 'parked' as const }
      : missing !== undefined
        ? { rule: 'required', field: String(missing) }
        : typeof other?.['field'] === 'string'
          ? { rule: String(other['rule']), field: other['field'] }
          : {}
  return (
    <Anchor component={Link} to={`/${product}/rejected${searchOf({ ...scope, ...cause })}`} size="sm" fw={600}>
      {words.help.openRejected}
    </Anchor>
  )
}

/** Of the key that was over its limit most. */
function ToUsage({ check: { check, numbers }, product }: { check: Check; product: string }) {
  const { words } = useSpeech()
  const id = numbers['key_id']
  if (check !== 'rate_limit' || typeof id !== 'string') return null
  return (
    <Anchor component={Link} to={`/${product}/keys?usage=${encodeURIComponent(id)}`} size="sm" fw={600}>
      {words.help.openUsage}
    </Anchor>
  )
}

/** What is single stands in a grid; what there is several of is a table. */
function Numbers({ check: { numbers } }: { check: Check }) {
  const { words, language, tell } = useSpeech()
  const nameOf = (name: string) => numberName(name, language)
  const single = Object.entries(numbers).filter(([, value]) => !Array.isArray(value) && value !== null)
  const lists = Object.entries(numbers).flatMap(([name, value]) =>
    Array.isArray(value) && value.length > 0 ? [[name, value] as const] : [],
  )
  const shown = (name: string, value: unknown): string => {
    if (name === 'field' && value === '$') return words.help.wholeBody
    if (typeof value === 'string') return name.endsWith('_at') ? tell.moment(value) : inert(value)
    if (typeof value !== 'number') return '–'
    if (/share/.test(name)) return tell.share(value)
    if (name.endsWith('_ms')) return tell.length(value)
    if (name.endsWith('_seconds')) return tell.length(value * 1_000)
    return tell.number(value)
  }
  return (
    <>
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }} spacing="sm" component="dl" m={0}>
        {single.map(([name, value]) => (
          <div key={name}>
            <Text component="dt" size="xs" c="dimmed" title={name}>
              {nameOf(name)}
            </Text>
            <Text component="dd" m={0} fw={600}>
              {shown(name, value)}
            </Text>
          </div>
        ))}
      </SimpleGrid>
      {lists.map(([name, rows]) => (
        <div key={name}>
          <Text size="sm" fw={600} mb={4}>
            {words.help.causes}
            {' · '}
            {nameOf(name)}
          </Text>
          <Rows
            label={nameOf(name)}
            head={Object.keys(rows[0] ?? {}).map(nameOf)}
            rows={rows.slice(0, 10).map(row => Object.entries(row).map(([column, value]) => shown(column, value)))}
          />
        </div>
      ))}
    </>
  )
}

function Rows({ label, head, rows }: { label: string; head: string[]; rows: string[][] }) {
  return (
    <WideTable minWidth={420} label={label}>
      <Table verticalSpacing={6} withRowBorders={false} striped>
        <Table.Thead>
          <Table.Tr>
            {head.map(name => (
              <Table.Th key={name} scope="col" fz="xs">
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(row => (
            <Table.Tr key={row.join(' ')}>
              {row.map((value, column) => (
                <Table.Td key={head[column]} fz="sm">
                  {value}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </WideTable>
  )
}
