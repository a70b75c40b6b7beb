// What became of what was sent again: the receipts of its requests, asked until each event has its outcome.

import { Card, Group, Stack, Table, Text, Title } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { type Receipt, receiptQuestion, type Replayed } from '../rejections.ts'
import { Why } from '../states.tsx'
import { useSpeech } from '../words/language.tsx'
import { useRejectedWords } from '../words/rejected.ts'
import { Said } from './said.tsx'
import { Mark } from './verdict.tsx'
import { WideTable } from './wide-table.tsx'

const colors: Record<string, string> = {
  queued: 'gray',
  stored: 'teal',
  duplicate: 'blue',
  conflict: 'red',
  parked: 'red',
  erased: 'gray',
}

export function Outcomes({ sent }: { sent: Replayed[] }) {
  const { tell } = useSpeech()
  const told = useRejectedWords()
  const ids = sent.flatMap(one => ('report' in one ? one.report.request_ids : []))
  // So many a second of all together.
  const everyMs = 1_000 * Math.ceil(ids.length / 25)
  const receipts = useQueries({ queries: ids.map(id => receiptQuestion(id, everyMs)) })
  const known = receipts.flatMap(({ data }) => (data === undefined ? [] : [data]))
  const isOver = known.length === ids.length && known.every(({ outcomes }) => outcomes['queued'] === 0)
  const said = sent.flatMap(one => ('said' in one ? [one] : []))
  return (
    <Card data-testid="outcomes">
      <Stack gap="sm" role="status">
        <Title order={3} size="h5">
          {told.result}
        </Title>
        {ids.length === 0 && <Text size="sm">{told.sentNone}</Text>}
        <Marks receipt={addedUp(known)} />
        {ids.length > 0 && !isOver && (
          <Text size="sm" c="dimmed">
            {told.watching}
          </Text>
        )}
        {said.map(({ target, said: why }) => (
          <Text key={target.request} size="sm">
            <Text span ff="monospace" size="xs">
              {target.request}
            </Text>{' '}
            <Said rule={null} message={why} />
          </Text>
        ))}
        {ids.length > 0 && (
          <WideTable minWidth={480} label={told.result}>
            <Table verticalSpacing={6}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th scope="col">{told.newRequest}</Table.Th>
                  <Table.Th scope="col" className="end">
                    {told.columns.events}
                  </Table.Th>
                  <Table.Th scope="col">{told.result}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {ids.map((id, nth) => {
                  const { data, error } = receipts[nth]!
                  return (
                    <Table.Tr key={id}>
                      <Table.Td ff="monospace" fz="xs">
                        {id}
                      </Table.Td>
                      <Table.Td className="end">{data === undefined ? '–' : tell.number(data.accepted)}</Table.Td>
                      <Table.Td>
                        {data === undefined ? (
                          error !== null && <Why error={error} isTriedAgain />
                        ) : (
                          <Marks receipt={data} />
                        )}
                      </Table.Td>
                    </Table.Tr>
                  )
                })}
              </Table.Tbody>
            </Table>
          </WideTable>
        )}
      </Stack>
    </Card>
  )
}

export function Marks({ receipt: { outcomes } }: { receipt: Pick<Receipt, 'outcomes'> }) {
  const { tell } = useSpeech()
  const told = useRejectedWords()
  return (
    <Group gap="xs">
      {Object.entries(outcomes)
        .filter(([, events]) => events > 0)
        .map(([outcome, events]) => (
          <Mark key={outcome} color={colors[outcome] ?? 'gray'}>
            {`${told.outcomes[outcome] ?? outcome} · ${tell.number(events)}`}
          </Mark>
        ))}
    </Group>
  )
}

function addedUp(receipts: Receipt[]): Pick<Receipt, 'outcomes'> {
  const outcomes: Record<string, number> = {}
  for (const receipt of receipts)
    for (const [outcome, events] of Object.entries(receipt.outcomes))
      outcomes[outcome] = (outcomes[outcome] ?? 0) + events
  return { outcomes }
}
