// What a dry run said: of all together, and of each that is not well.

import { Alert, Stack, Table, Text } from '@mantine/core'
import type { Replayed } from '../rejections.ts'
import { inert } from '../sent-body.ts'
import { useSpeech } from '../words/language.tsx'
import { useRejectedWords } from '../words/rejected.ts'
import { Said } from './said.tsx'
import { WideTable } from './wide-table.tsx'

/** `isBad`: some event is. `events` and `requests` are those that would be sent; `held` are requests that would stay behind for bad events. */
export type Sum = { events: number; requests: number; held: number; withoutId: number; isBad: boolean }

const rowsMost = 100

export function sumOf(looked: readonly Replayed[], partial: boolean): Sum {
  const sum = { events: 0, requests: 0, held: 0, withoutId: 0, isBad: false }
  for (const one of looked) {
    if (!('report' in one)) continue
    const { accepted, rejected, without_id: withoutId } = one.report
    if (rejected > 0) sum.isBad = true
    if (rejected > 0 && !partial) sum.held++
    if (accepted === 0 || (rejected > 0 && !partial)) continue
    sum.events += accepted
    sum.requests++
    sum.withoutId += withoutId
  }
  return sum
}

export function Foretold({ looked, partial }: { looked: Replayed[]; partial: boolean }) {
  const { tell } = useSpeech()
  const told = useRejectedWords()
  const reports = looked.flatMap(one => ('report' in one ? [one.report] : []))
  const total = (name: 'events' | 'accepted' | 'rejected' | 'erased') =>
    reports.reduce((sum, report) => sum + report[name], 0)
  const { held, withoutId } = sumOf(looked, partial)
  const cannot = looked.filter(one => 'said' in one)
  const isWell = cannot.length === 0 && total('rejected') === 0
  const rows = badOf(looked)
  return (
    <Stack gap="sm" role="status">
      <Alert color={isWell ? 'teal' : total('accepted') > 0 ? 'yellow' : 'red'} title={told.dryTitle}>
        <Stack gap={4}>
          {total('events') > 0 && (
            <Text size="sm">{told.good(tell.number(total('accepted')), tell.number(total('events')))}</Text>
          )}
          {total('rejected') > 0 && <Text size="sm">{told.bad(tell.number(total('rejected')))}</Text>}
          {held > 0 && <Text size="sm">{told.heldBack(tell.number(held))}</Text>}
          {total('erased') > 0 && <Text size="sm">{told.erased(tell.number(total('erased')))}</Text>}
          {withoutId > 0 && <Text size="sm">{told.withoutId(tell.number(withoutId))}</Text>}
          {cannot.length > 0 && <Text size="sm">{told.cannot(tell.number(cannot.length))}</Text>}
        </Stack>
      </Alert>
      {rows.length > 0 && (
        <WideTable minWidth={640} label={told.dryTitle}>
          <Table verticalSpacing={6} striped>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{told.columns.request}</Table.Th>
                <Table.Th scope="col">{told.field}</Table.Th>
                <Table.Th scope="col">{told.rule}</Table.Th>
                <Table.Th scope="col">{told.columns.said}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.slice(0, rowsMost).map(({ where, field, rule, said }, nth) => (
                <Table.Tr key={nth}>
                  <Table.Td ff="monospace" fz="xs">
                    {where}
                  </Table.Td>
                  <Table.Td>{inert(field)}</Table.Td>
                  <Table.Td>{rule}</Table.Td>
                  <Table.Td className="said">
                    <Said rule={rule === '' ? null : rule} message={said} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      )}
      {rows.length > rowsMost && <Text size="sm">{told.more(tell.number(rows.length - rowsMost))}</Text>}
    </Stack>
  )
}

function badOf(looked: Replayed[]): { where: string; field: string; rule: string; said: string }[] {
  return looked.flatMap(one => {
    const { request } = one.target
    if ('said' in one) return [{ where: request, field: '', rule: '', said: one.said }]
    return one.report.errors.flatMap(({ index, violations }) =>
      violations.map(({ field, rule, message }) => ({ where: `${request} #${index}`, field, rule, said: message })),
    )
  })
}
