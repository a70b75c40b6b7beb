// What was sent from here, to be looked at, composed or sent again.

import { Badge, Button, Card, Group, Stack, Table, Text, Title, VisuallyHidden } from '@mantine/core'
import { pathOf, type Try } from '../tries.ts'
import { useSpeech } from '../words/language.tsx'
import { useTryWords } from '../words/try-it.ts'
import { WideTable } from './wide-table.tsx'

export function TryHistory({
  tries,
  shown,
  show,
  edit,
  resend,
  isPending,
}: {
  tries: Try[]
  shown: number | undefined
  show: (id: number) => void
  edit: (one: Try) => void
  resend: (one: Try) => void
  isPending: boolean
}) {
  const { tell } = useSpeech()
  const told = useTryWords()
  if (tries.length === 0) return null
  const { columns } = told
  return (
    <Card p={0} data-testid="history">
      <Stack gap={0}>
        <div style={{ padding: 'var(--mantine-spacing-md)' }}>
          <Title order={2} size="h4">
            {told.history}
          </Title>
          <Text size="xs" c="dimmed">
            {told.historyHint}
          </Text>
        </div>
        <WideTable minWidth={760} label={told.history}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{columns.time}</Table.Th>
                <Table.Th scope="col">{columns.request}</Table.Th>
                <Table.Th scope="col">{columns.key}</Table.Th>
                <Table.Th scope="col">{columns.reply}</Table.Th>
                <Table.Th scope="col" className="end">
                  {columns.took}
                </Table.Th>
                <Table.Th>
                  <VisuallyHidden>{columns.actions}</VisuallyHidden>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {tries.map(one => (
                <Table.Tr
                  key={one.id}
                  aria-current={one.id === shown ? 'true' : undefined}
                  fw={one.id === shown ? 600 : 400}
                >
                  <Table.Td>{tell.exactClock(one.atMs)}</Table.Td>
                  <Table.Td ff="monospace" fz="xs">
                    {pathOf(one.draft)}
                  </Table.Td>
                  <Table.Td ff="monospace" fz="xs">
                    {one.keyShown ?? told.withoutKey}
                  </Table.Td>
                  <Table.Td>
                    <Status of={one} />
                  </Table.Td>
                  <Table.Td className="end">{'tried' in one ? tell.length(one.tried.took_ms) : '–'}</Table.Td>
                  <Table.Td className="end">
                    <Group gap={6} wrap="nowrap" justify="flex-end">
                      <Button size="compact-sm" variant="subtle" onClick={() => show(one.id)}>
                        {told.show}
                      </Button>
                      <Button size="compact-sm" variant="subtle" onClick={() => edit(one)}>
                        {told.edit}
                      </Button>
                      <Button size="compact-sm" variant="subtle" disabled={isPending} onClick={() => resend(one)}>
                        {told.resend}
                      </Button>
                    </Group>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      </Stack>
    </Card>
  )
}

function Status({ of: one }: { of: Try }) {
  const told = useTryWords()
  const status = 'tried' in one ? one.tried.reply.status : null
  return (
    <Badge variant="light" color={status === 200 ? 'teal' : status !== null && status < 500 ? 'yellow' : 'red'}>
      {status ?? told.failed}
    </Badge>
  )
}
