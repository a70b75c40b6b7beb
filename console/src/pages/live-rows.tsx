// The rows of the live events, newest first. A row that is there is not drawn again when another comes.

import { Anchor, Badge, Group, Table, Text } from '@mantine/core'
import { memo } from 'react'
import { idOf } from '../event-watch.ts'
import type { LiveEvent } from '../questions.ts'
import { useSpeech } from '../words/language.tsx'
import { WideTable } from './wide-table.tsx'

export function LiveRows({ rows, open }: { rows: LiveEvent[]; open: (event: LiveEvent) => void }) {
  const { words } = useSpeech()
  const columns = words.live.columns
  return (
    <WideTable minWidth={900} label={words.pages.live} fits>
      <Table highlightOnHover verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{columns.time}</Table.Th>
            <Table.Th scope="col">{columns.name}</Table.Th>
            <Table.Th scope="col" className="wide">
              {columns.user}
            </Table.Th>
            <Table.Th scope="col" className="end">
              {columns.amount}
            </Table.Th>
            {(['transaction', 'click', 'flags'] as const).map(one => (
              <Table.Th key={one} scope="col" className="wide">
                {columns[one]}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(row => (
            <Row key={idOf(row)} row={row} open={open} />
          ))}
        </Table.Tbody>
      </Table>
    </WideTable>
  )
}

const Row = memo(function Row({ row, open }: { row: LiveEvent; open: (event: LiveEvent) => void }) {
  const { words, tell } = useSpeech()
  return (
    <Table.Tr>
      <Table.Td>
        <time dateTime={row.received_at} title={tell.moment(row.received_at)}>
          {tell.exactClock(row.received_at)}
        </time>
      </Table.Td>
      <Table.Td>
        <Anchor
          component="button"
          type="button"
          ff="monospace"
          size="sm"
          fw={600}
          aria-label={words.live.open(row.event_name, row.client_user_id)}
          onClick={() => open(row)}
        >
          {row.event_name}
        </Anchor>
        <Text size="xs" c="dimmed" className="narrow" lineClamp={1}>
          {row.client_user_id}
        </Text>
      </Table.Td>
      <Cell text={row.client_user_id} />
      <Table.Td className="end">{row.amount === null ? null : tell.money(row.amount, row.currency ?? '')}</Table.Td>
      <Cell text={row.transaction_id} />
      <Cell text={row.click_id} />
      <Table.Td className="wide">
        <Group gap={4} wrap="nowrap">
          {row.flags.map(flag => (
            <Badge key={flag} color="yellow" variant="light" size="sm">
              {flag}
            </Badge>
          ))}
        </Group>
      </Table.Td>
    </Table.Tr>
  )
})

function Cell({ text }: { text: string | null }) {
  return (
    <Table.Td className="wide">
      <Text size="sm" truncate maw={180} {...(text !== null && { title: text })}>
        {text}
      </Text>
    </Table.Td>
  )
}
