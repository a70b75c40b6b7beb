// What was rejected: grouped by what was wrong, and the requests of a group.

import { Anchor, Card, Group, Select, Stack, Table, Text } from '@mantine/core'
import { CheckCircledIcon } from '@radix-ui/react-icons'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { useAddress } from '../rejected-address.ts'
import { groupsQuestion, type Rejection, rejectedPosition, rejectionsQuestion } from '../rejections.ts'
import { inert } from '../sent-body.ts'
import { Empty, Stale, Unanswered } from '../states.tsx'
import { useNow } from '../use-now.ts'
import { useSpeech } from '../words/language.tsx'
import { useRejectedWords } from '../words/rejected.ts'
import { Moment } from './moment.tsx'
import { NothingHere } from './nothing-here.tsx'
import { Said } from './said.tsx'
import { Together } from './together.tsx'
import { Turning } from './turning.tsx'
import { WideTable } from './wide-table.tsx'

export function RejectedGroups({ product }: { product: string }) {
  const { words, tell } = useSpeech()
  const told = useRejectedWords()
  const { at, to, go } = useAddress()
  const asked = useQuery(groupsQuestion(product, at))
  const nowMs = useNow()
  if (asked.data === undefined) return <Unanswered of={asked} />
  const groups = asked.data
  const namesOf = (name: 'rule' | 'field') =>
    [...new Set([...groups.map(group => group[name]), at[name]])].filter(one => one !== null).toSorted()
  const shown = groups
    .filter(({ rule }) => at.rule === null || rule === at.rule)
    .filter(({ field }) => at.field === null || field === at.field)
  return (
    <Stack>
      <Stale of={[asked]} />
      {groups.length === 0 ? (
        <Empty
          icon={<CheckCircledIcon width={26} height={26} />}
          title={told.nothingRejected}
          text={told.nothingRejectedText}
        />
      ) : (
        <>
          <Group align="end">
            {(['field', 'rule'] as const).map(name => (
              <Select
                key={name}
                label={told[name]}
                placeholder={told.any}
                data={namesOf(name)}
                value={at[name]}
                onChange={chosen => go({ [name]: chosen })}
                clearable
                searchable
                clearButtonProps={{ 'aria-label': `${told[name]}: ${told.any}` }}
                w={{ base: '100%', xs: 220 }}
              />
            ))}
          </Group>
          {shown.length === 0 ? (
            <NothingHere showAll={() => go({ rule: null, field: null })} />
          ) : (
            <Card p={0}>
              <WideTable minWidth={720} label={words.pages.rejected} fits>
                <Table highlightOnHover>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th scope="col">{told.columns.cause}</Table.Th>
                      <Table.Th scope="col" className="end">
                        {told.columns.requests}
                      </Table.Th>
                      <Table.Th scope="col" className="end wide">
                        {told.columns.violations}
                      </Table.Th>
                      <Table.Th scope="col">{told.columns.last}</Table.Th>
                      <Table.Th scope="col" className="wide">
                        {told.columns.said}
                      </Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {shown.map(({ code, rule, field, requests, violations, last_at: last, message }) => (
                      <Table.Tr key={JSON.stringify([code, rule, field])}>
                        <Table.Th scope="row" fw={500}>
                          <Anchor component={Link} to={to({ code, rule, field, after: null })} size="sm" fw={600}>
                            {field === null || field === '$' ? (rule ?? code) : inert(field)}
                          </Anchor>
                          <Text size="xs" c="dimmed" ff="monospace">
                            {rule === null || field === null || field === '$' ? code : rule}
                          </Text>
                          <Text size="xs" fw={400} className="sent narrow" mt={2}>
                            <Said rule={rule} message={message} />
                          </Text>
                        </Table.Th>
                        <Table.Td className="end">{tell.number(requests)}</Table.Td>
                        <Table.Td className="end wide">{tell.number(violations)}</Table.Td>
                        <Table.Td>
                          <Moment time={last} nowMs={nowMs} />
                        </Table.Td>
                        <Table.Td className="said wide">
                          <Said rule={rule} message={message} />
                        </Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </WideTable>
            </Card>
          )}
        </>
      )}
    </Stack>
  )
}

export function RejectedList({ product }: { product: string }) {
  const { at, go } = useAddress()
  const asked = useQuery(rejectionsQuestion(product, at))
  if (asked.data === undefined) return <Unanswered of={asked} />
  const { requests, next } = asked.data
  if (requests.length === 0)
    return <NothingHere showAll={() => go({ code: null, rule: null, field: null, after: null })} />
  return (
    <Stack>
      <Stale of={[asked]} />
      <Requests requests={requests} />
      <Turning next={next} />
      <Together
        key={`${at.code} ${at.rule} ${at.field} ${at.after}`}
        product={product}
        targets={requests.map(one => ({ request: one.request_id, position: rejectedPosition }))}
      />
    </Stack>
  )
}

function Requests({ requests }: { requests: Rejection[] }) {
  const { words, tell } = useSpeech()
  const told = useRejectedWords()
  const { to } = useAddress()
  return (
    <Card p={0}>
      <WideTable minWidth={820} label={words.pages.rejected} fits>
        <Table highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{told.columns.received}</Table.Th>
              <Table.Th scope="col">{told.columns.request}</Table.Th>
              <Table.Th scope="col" className="end wide">
                {told.columns.refused}
              </Table.Th>
              <Table.Th scope="col" className="wide">
                {told.columns.said}
              </Table.Th>
              <Table.Th scope="col" className="wide">
                {told.columns.address}
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {requests.map(({ request_id: id, received_at: received, events_refused: refused, message, address }) => (
              <Table.Tr key={id}>
                <Table.Td>
                  <time dateTime={received}>{tell.moment(received)}</time>
                </Table.Td>
                <Table.Th scope="row" fw={500}>
                  <Anchor component={Link} to={to({ request: id })} ff="monospace" size="xs">
                    {id}
                  </Anchor>
                  <Text size="xs" fw={400} className="sent narrow" mt={2}>
                    <Said rule={null} message={message} />
                  </Text>
                </Table.Th>
                <Table.Td className="end wide">{refused === null ? told.allOfIt : tell.number(refused)}</Table.Td>
                <Table.Td className="said wide">
                  <Said rule={null} message={message} />
                </Table.Td>
                <Table.Td className="wide">{address === null ? '–' : inert(address)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </WideTable>
    </Card>
  )
}
