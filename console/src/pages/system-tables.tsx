// Two lists of the system: the shares of the log, where there are several, and keys that nobody has.

import { Code, Table, Text } from '@mantine/core'
import type { System } from '../system-questions.ts'
import { useAgo } from '../use-ago.ts'
import { useSpeech } from '../words/language.tsx'
import { useSystemWords } from '../words/system.ts'
import { Section } from './section.tsx'
import { Mark } from './verdict.tsx'
import { WideTable } from './wide-table.tsx'

export function Shares({ shares }: { shares: System['shares'] }) {
  const { tell } = useSpeech()
  const told = useSystemWords()
  return (
    <Section title={told.shares} hint={told.sharesHint}>
      <WideTable label={told.shares} minWidth={520}>
        <Table>
          <Heads names={[told.share, told.machine, told.state, told.lag]} />
          <Table.Tbody>
            {shares.map(({ share, machine, ready, why, lag_events: events, lag_seconds: seconds }) => (
              <Table.Tr key={share}>
                <Table.Th scope="row">{share}</Table.Th>
                <Table.Td>{machine ?? told.nobody}</Table.Td>
                <Table.Td>
                  <Mark color={ready ? 'teal' : 'red'} {...(why !== null && { title: why })}>
                    {ready ? told.states.ready : machine === null ? told.states.away : told.states.not_ready}
                  </Mark>
                </Table.Td>
                <Table.Td>
                  {events === null || seconds === null
                    ? told.notKnown
                    : events === 0
                      ? told.lagNone
                      : told.lagOf(tell.number(events), tell.length(seconds * 1_000))}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </WideTable>
    </Section>
  )
}

export function UnknownKeys({ keys, time }: { keys: System['unknown_keys']; time: string }) {
  const { tell } = useSpeech()
  const told = useSystemWords()
  const ago = useAgo(time)
  const heads = told.keyColumns
  return (
    <Section title={told.unknownKeys} hint={told.unknownKeysHint}>
      {keys === null || keys.length === 0 ? (
        <Text size="sm">{keys === null ? told.unknown : told.noUnknownKeys}</Text>
      ) : (
        <WideTable label={told.unknownKeys} minWidth={440}>
          <Table>
            <Heads names={[heads.prefix, heads.address, heads.requests, heads.last]} />
            <Table.Tbody>
              {keys.map(({ prefix, address, requests, last_at: last }) => (
                <Table.Tr key={`${prefix} ${address}`}>
                  <Table.Th scope="row" fw={400}>
                    {prefix === null ? told.noPrefix : <Code>{prefix}…</Code>}
                  </Table.Th>
                  <Table.Td>{address}</Table.Td>
                  <Table.Td>{tell.number(requests)}</Table.Td>
                  <Table.Td>{ago(last)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      )}
    </Section>
  )
}

function Heads({ names }: { names: string[] }) {
  return (
    <Table.Thead>
      <Table.Tr>
        {names.map(name => (
          <Table.Th key={name} scope="col">
            {name}
          </Table.Th>
        ))}
      </Table.Tr>
    </Table.Thead>
  )
}
