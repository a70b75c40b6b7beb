// What was accepted and could not be processed: by reason, and what was parked for one.

import { Anchor, Card, Stack, Table, Text } from '@mantine/core'
import { CheckCircledIcon } from '@radix-ui/react-icons'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { useAddress } from '../rejected-address.ts'
import { type Parked, parkedGroupsQuestion, parkedQuestion } from '../rejections.ts'
import { Empty, Stale, Unanswered } from '../states.tsx'
import { useSpeech } from '../words/language.tsx'
import { useRejectedWords } from '../words/rejected.ts'
import { NothingHere } from './nothing-here.tsx'
import { ParkedDetail } from './parked-detail.tsx'
import { Together } from './together.tsx'
import { Turning } from './turning.tsx'
import { WideTable } from './wide-table.tsx'

export function ParkedGroups({ product }: { product: string }) {
  const { words, tell } = useSpeech()
  const told = useRejectedWords()
  const { at, to } = useAddress()
  const asked = useQuery(parkedGroupsQuestion(product, at))
  if (asked.data === undefined) return <Unanswered of={asked} />
  const { parked, next } = asked.data
  if (parked.length === 0)
    return (
      <>
        <Stale of={[asked]} />
        <Empty
          icon={<CheckCircledIcon width={26} height={26} />}
          title={told.nothingParked}
          text={told.nothingParkedText}
        />
      </>
    )
  return (
    <Stack>
      <Stale of={[asked]} />
      <Card p={0}>
        <WideTable minWidth={480} label={words.pages.rejected}>
          <Table highlightOnHover>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{told.columns.cause}</Table.Th>
                <Table.Th scope="col" className="end">
                  {told.columns.events}
                </Table.Th>
                <Table.Th scope="col">{told.columns.last}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {groupsOf(parked).map(({ reason, events, last }) => (
                <Table.Tr key={reason}>
                  <Table.Th scope="row" fw={500}>
                    <Anchor component={Link} to={to({ reason })} size="sm" fw={600}>
                      {told.reasons[reason] ?? reason}
                    </Anchor>
                    <Text size="xs" c="dimmed" ff="monospace">
                      {reason}
                    </Text>
                  </Table.Th>
                  <Table.Td className="end">{tell.number(events)}</Table.Td>
                  <Table.Td>
                    <time dateTime={last}>{tell.moment(last)}</time>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      </Card>
      {next !== null && (
        <Text size="sm" c="dimmed">
          {told.latestOnly(tell.number(parked.length))}
        </Text>
      )}
    </Stack>
  )
}

export function ParkedList({ product }: { product: string }) {
  const { words, tell } = useSpeech()
  const told = useRejectedWords()
  const { at, to, go } = useAddress()
  const asked = useQuery(parkedQuestion(product, at))
  if (asked.data === undefined) return <Unanswered of={asked} />
  const { parked, next } = asked.data
  if (parked.length === 0) return <NothingHere showAll={() => go({ reason: null, after: null })} />
  return (
    <Stack>
      <Stale of={[asked]} />
      <Card p={0}>
        <WideTable minWidth={760} label={words.pages.rejected}>
          <Table highlightOnHover>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{told.columns.received}</Table.Th>
                <Table.Th scope="col">{told.columns.request}</Table.Th>
                <Table.Th scope="col" className="end">
                  {told.columns.events}
                </Table.Th>
                <Table.Th scope="col">{told.columns.said}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {parked.map(({ request_id: request, position, received_at: received, reason, events, detail }) => (
                <Table.Tr key={`${request} ${position}`}>
                  <Table.Td>
                    <time dateTime={received}>{tell.moment(received)}</time>
                  </Table.Td>
                  <Table.Th scope="row" fw={500}>
                    <Anchor component={Link} to={to({ request, position: String(position) })} ff="monospace" size="xs">
                      {position < 0 ? request : `${request} #${position}`}
                    </Anchor>
                  </Table.Th>
                  <Table.Td className="end">{tell.number(events)}</Table.Td>
                  <Table.Td className="said">
                    <ParkedDetail reason={reason} detail={detail ?? ''} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      </Card>
      <Turning next={next} />
      <Together
        key={`${at.reason} ${at.after}`}
        product={product}
        targets={parked.map(({ request_id: request, position }) => ({ request, position }))}
      />
    </Stack>
  )
}

/** The newest come first. */
function groupsOf(parked: Parked[]): { reason: string; events: number; last: string }[] {
  const groups = new Map<string, { reason: string; events: number; last: string }>()
  for (const { reason, events, received_at: last } of parked) {
    const group = groups.get(reason)
    if (group === undefined) groups.set(reason, { reason, events, last })
    else group.events += events
  }
  return [...groups.values()].toSorted((a, b) => b.events - a.events)
}
