// Is everything well, and if not, what is to be done? What needs somebody comes first, then the parts and the figures, then
// backups and how long things are kept. It is about the installation, not about the product that is chosen.

import { SimpleGrid, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useLooking } from '../shell.tsx'
import { Stale, Unanswered } from '../states.tsx'
import { systemQuestion } from '../system-questions.ts'
import { useSpeech } from '../words/language.tsx'
import { useSystemWords } from '../words/system.ts'
import { Backups } from './backups.tsx'
import { PageHead } from './page-head.tsx'
import { Retention } from './retention.tsx'
import { Parts } from './system-parts.tsx'
import { DiskFigures, LogFigures, MemoryFigures, VersionFigures, WarehouseFigures } from './system-figures.tsx'
import { Shares, UnknownKeys } from './system-tables.tsx'
import { SystemAttention, systemColors } from './system-attention.tsx'
import { Mark } from './verdict.tsx'

export default function System() {
  const { words, tell } = useSpeech()
  const told = useSystemWords()
  const { role } = useLooking()
  const asked = useQuery(systemQuestion)
  const system = asked.data
  if (system === undefined) return <Unanswered of={asked} rows={5} />
  const isAdmin = role === 'admin'
  return (
    <>
      <PageHead
        title={words.pages.system}
        lead={told.lead}
        badge={<Mark color={systemColors[system.verdict]}>{told.overall[system.verdict]}</Mark>}
      >
        <Text size="xs" c="dimmed">
          {told.asOf(tell.exactClock(system.time))}
        </Text>
      </PageHead>
      <Stack>
        <Stale of={[asked]} />
        <SystemAttention checks={system.checks} />
        <Parts parts={system.parts} time={system.time} />
        <SimpleGrid cols={{ base: 1, lg: 2 }}>
          <LogFigures system={system} />
          <WarehouseFigures system={system} />
          <DiskFigures system={system} />
          <MemoryFigures system={system} />
        </SimpleGrid>
        {system.shares.length > 0 && <Shares shares={system.shares} />}
        <Backups system={system} isAdmin={isAdmin} />
        <Retention settings={system.settings} isAdmin={isAdmin} />
        <SimpleGrid cols={{ base: 1, lg: 2 }}>
          <VersionFigures system={system} />
          <UnknownKeys keys={system.unknown_keys} time={system.time} />
        </SimpleGrid>
      </Stack>
    </>
  )
}
