// The audit log, newest first: what was done, by whom, on what, and how it ended; or who was turned away. Whether it is whole is
// asked on demand.

import { Alert, Button, Card, Group, NativeSelect, SegmentedControl, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type AuditEntry, auditQuestion, wholenessQuestion } from '../audit.ts'
import { inert } from '../sent-body.ts'
import { Stale, Unanswered, Why } from '../states.tsx'
import { useAuditWords } from '../words/audit.ts'
import { useSpeech } from '../words/language.tsx'
import { Section } from './section.tsx'
import { Mark } from './verdict.tsx'
import { WideTable } from './wide-table.tsx'

const colors: Record<AuditEntry['outcome'], string> = { begun: 'gray', done: 'teal', refused: 'yellow', failed: 'red' }

export function AuditLog() {
  const told = useAuditWords()
  const [attempts, setAttempts] = useState(false)
  const [act, setAct] = useState<string | null>(null)
  const [cursor, setCursor] = useState<string | null>(null)
  const asked = useQuery(auditQuestion({ attempts, act: attempts ? null : act, cursor }))
  const choose = (apply: () => void) => {
    setCursor(null)
    apply()
  }
  return (
    <Section title={told.title} hint={told.hint}>
      <Stack gap="sm">
        <Group justify="space-between" align="end">
          <Group align="end" gap="sm">
            <SegmentedControl
              aria-label={told.kinds.title}
              data={[
                { value: 'acts', label: told.kinds.acts },
                { value: 'attempts', label: told.kinds.attempts },
              ]}
              value={attempts ? 'attempts' : 'acts'}
              onChange={chosen => choose(() => setAttempts(chosen === 'attempts'))}
            />
            {!attempts && (
              <NativeSelect
                aria-label={told.act}
                data={[
                  { value: '', label: `${told.act}: ${told.anyAct}` },
                  ...Object.entries(told.acts)
                    .filter(([value]) => value !== 'admin.attempt')
                    .map(([value, label]) => ({ value, label })),
                ]}
                value={act ?? ''}
                onChange={event => {
                  const chosen = event.currentTarget.value
                  choose(() => setAct(chosen === '' ? null : chosen))
                }}
              />
            )}
          </Group>
          <Checking />
        </Group>
        <Stale of={[asked]} />
        {asked.data === undefined ? (
          <Unanswered of={asked} rows={3} />
        ) : asked.data.audit.length === 0 ? (
          <Text size="sm">{attempts ? told.noneTurnedAway : told.none}</Text>
        ) : (
          <Card p={0} withBorder={false}>
            <Entries entries={asked.data.audit} />
          </Card>
        )}
        {asked.data !== undefined && (asked.data.next !== null || cursor !== null) && (
          <Group>
            <Button variant="default" size="xs" disabled={cursor === null} onClick={() => setCursor(null)}>
              {told.newest}
            </Button>
            <Button
              variant="default"
              size="xs"
              disabled={asked.data.next === null}
              onClick={() => setCursor(asked.data.next)}
            >
              {told.older}
            </Button>
          </Group>
        )}
      </Stack>
    </Section>
  )
}

function Checking() {
  const { tell } = useSpeech()
  const told = useAuditWords()
  const { data, error, isFetching, refetch } = useQuery(wholenessQuestion)
  const entries = data?.chains.reduce((sum, chain) => sum + chain.entries, 0) ?? 0
  const problem = data?.chains.flatMap(chain => chain.problem ?? []).join(' ') ?? ''
  return (
    <Group gap="sm">
      {!isFetching && (data !== undefined || error !== null) && (
        <Alert py={6} color={data?.ok === true && error === null ? 'teal' : 'red'} role="status">
          {error !== null ? (
            <Why error={error} />
          ) : data?.ok === true ? (
            told.whole(tell.number(entries))
          ) : (
            told.broken(problem)
          )}
        </Alert>
      )}
      <Button variant="default" size="xs" loading={isFetching} onClick={() => void refetch()}>
        {told.check}
      </Button>
    </Group>
  )
}

/** What stands below another column's on a narrow screen. */
const isWide = new Set(['who', 'target', 'more'])

function Entries({ entries }: { entries: AuditEntry[] }) {
  const { tell } = useSpeech()
  const told = useAuditWords()
  return (
    <WideTable minWidth={860} label={told.title} fits>
      <Table highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            {Object.entries(told.columns).map(([column, name]) => (
              <Table.Th key={name} scope="col" {...(isWide.has(column) && { className: 'wide' })}>
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entries.map(({ seq, started_at: at, act, outcome, code, product, target, actor, way, address, values }) => (
            <Table.Tr key={seq}>
              <Table.Td>
                <time dateTime={at}>{tell.moment(at)}</time>
                <div className="narrow">
                  <Who actor={actor} way={way} address={address} />
                </div>
              </Table.Td>
              <Table.Td className="wide">
                <Who actor={actor} way={way} address={address} />
              </Table.Td>
              <Table.Th scope="row" fw={600}>
                <Text size="sm" fw={600} title={act} miw="5em">
                  {told.acts[act] ?? act}
                </Text>
                {outcome !== 'done' && (
                  <Mark color={colors[outcome]}>{[told.outcomes[outcome], code].filter(Boolean).join(' · ')}</Mark>
                )}
                <div className="narrow">
                  <On product={product} target={target} />
                  <Text size="xs">{inert(detailsOf(values))}</Text>
                </div>
              </Table.Th>
              <Table.Td className="wide">
                <On product={product} target={target} />
              </Table.Td>
              <Table.Td fz="xs" miw={180} className="wide" style={{ whiteSpace: 'normal', overflowWrap: 'anywhere' }}>
                {inert(detailsOf(values))}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </WideTable>
  )
}

function Who({ actor, way, address }: Pick<AuditEntry, 'actor' | 'way' | 'address'>) {
  const told = useAuditWords()
  return (
    <>
      <Text size="sm" className="sent">
        {actor === null ? told.unnamed : inert(actor)}
      </Text>
      <Text size="xs" c="dimmed">
        {[told.ways[way] ?? way, address].filter(Boolean).join(' · ')}
      </Text>
    </>
  )
}

function On({ product, target }: Pick<AuditEntry, 'product' | 'target'>) {
  return (
    <>
      {product !== null && <Text size="sm">{inert(product)}</Text>}
      {target !== null && target !== product && (
        <Text size="xs" c="dimmed" ff="monospace" className="sent">
          {inert(target)}
        </Text>
      )}
    </>
  )
}

function detailsOf(values: Record<string, unknown>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')
}
