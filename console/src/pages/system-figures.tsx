// The figures of the installation: its log and where the reader is, the warehouse, disk and memory by what takes them, versions.
// What cannot be known says why.

import { ColorSwatch, Group, Progress, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Kind, System } from '../system-questions.ts'
import { useAgo } from '../use-ago.ts'
import { useSpeech } from '../words/language.tsx'
import { useSystemWords } from '../words/system.ts'
import { Figures, Section } from './section.tsx'

type Of = { system: System }

export function LogFigures({ system }: Of) {
  const { tell } = useSpeech()
  const told = useSystemWords()
  const { log, reader, settings } = system
  const known = log !== null
  const { log_budget_bytes: budget, log_retention_ms: keepsMs, log_retention_bytes: keepsBytes } = settings
  const moment = (time: string | null) => (time === null ? told.keptNothing : tell.moment(time))
  return (
    <Section title={told.log} hint={told.logHint}>
      {known && (
        <Progress value={(log.bytes / budget) * 100} mb="sm" aria-label={told.budget} color={fill(log.bytes, budget)} />
      )}
      {!known && <Unknown>{told.unknownApi}</Unknown>}
      <Figures
        of={[
          [told.where, told.places[settings.log]],
          known ? [told.size, told.inFiles(tell.size(log.bytes), tell.number(log.segments))] : null,
          [told.budget, known ? told.budgetUsed(tell.share(log.bytes / budget), tell.size(budget)) : tell.size(budget)],
          known ? [told.oldest, moment(log.oldest_at)] : null,
          known && log.newest_at !== null ? [told.newest, moment(log.newest_at)] : null,
          [told.retention, told.retentionOf(tell.length(keepsMs), tell.size(keepsBytes))],
          known ? [told.lastWrite, tell.length(log.commit_ms_last)] : null,
          [
            told.reader,
            reader === null ? (
              <Unknown key="reader">{told.unknownPipeline}</Unknown>
            ) : (
              told.readerAt(tell.number(reader.offset), known ? tell.number(log.offset) : '–')
            ),
          ],
          reader === null
            ? null
            : [
                told.lag,
                reader.lag_events === 0
                  ? told.lagNone
                  : told.lagOf(tell.number(reader.lag_events), tell.length(reader.lag_seconds * 1_000)),
              ],
          known && log.damage.length > 0 ? [told.damage, log.damage.join(' ')] : null,
        ]}
      />
    </Section>
  )
}

export function WarehouseFigures({ system }: Of) {
  const { tell } = useSpeech()
  const told = useSystemWords()
  const ago = useAgo(system.time)
  const { warehouse, rollups, index, settings, versions } = system
  const known = warehouse !== null
  return (
    <Section title={told.warehouse} hint={told.warehouseHint}>
      {!known && <Unknown>{told.unknownWarehouse}</Unknown>}
      <Figures
        of={[
          [told.where, told.places[settings.warehouse]],
          known ? [told.events, tell.number(warehouse.events)] : null,
          known ? [told.size, told.inParts(tell.size(warehouse.bytes), tell.number(warehouse.parts))] : null,
          known
            ? [
                told.lastLoad,
                warehouse.last_load === null
                  ? told.noLoad
                  : told.loadOf(ago(warehouse.last_load.loaded_at), tell.number(warehouse.last_load.seq)),
              ]
            : null,
          [
            told.rollups,
            rollups === null ? (
              <Unknown key="rollups">{told.unknownPipeline}</Unknown>
            ) : rollups.up_to_date_at === null ? (
              told.rollupsNotYet
            ) : rollups.behind_loads === null || rollups.behind_loads === 0 ? (
              told.rollupsGood(ago(rollups.up_to_date_at))
            ) : (
              told.rollupsBehind(tell.number(rollups.behind_loads), ago(rollups.up_to_date_at))
            ),
          ],
          [told.index, index === null ? <Unknown key="index">{told.unknownPipeline}</Unknown> : tell.size(index.bytes)],
          [told.format, tell.number(versions.warehouse)],
        ]}
      />
    </Section>
  )
}

const kinds: [Kind, string][] = [
  ['warehouse', 'teal.6'],
  ['log', 'blue.6'],
  ['index', 'violet.6'],
  ['accounts', 'orange.6'],
  ['rest', 'pink.6'],
]
const othersColor = 'gray.5'

export function DiskFigures({ system }: Of) {
  const { tell } = useSpeech()
  const told = useSystemWords()
  const ago = useAgo(system.time)
  const { disks, directories, settings } = system
  return (
    <Section title={told.disk} hint={told.diskHint(tell.size(settings.disk_free_min_bytes))}>
      <Stack gap="sm">
        {disks.map(({ kinds: here, total_bytes: total, free_bytes: free }) => {
          // What lies on a disk of its own is not on that of the data directory.
          const isHere = (kind: Kind) =>
            here.includes(kind) || (here.includes('data') && !disks.some(disk => disk.kinds.includes(kind)))
          const own = kinds.flatMap(([kind, color]) => {
            const bytes = directories?.bytes[kind]
            return bytes !== undefined && isHere(kind) ? [{ name: told.kinds[kind], bytes, color }] : []
          })
          const others = Math.max(0, total - free - own.reduce((sum, { bytes }) => sum + bytes, 0))
          return (
            <Taken
              key={here.join()}
              label={told.freeOf(tell.size(free), tell.size(total))}
              total={total}
              pieces={[...own, { name: told.others, bytes: others, color: othersColor }]}
              rest={{ name: told.free, bytes: free }}
            />
          )
        })}
        <Text size="xs" c="dimmed">
          {directories === null ? told.counting : told.countedAt(ago(directories.counted_at))}
        </Text>
      </Stack>
    </Section>
  )
}

const partColors = { engine: 'teal.6', api: 'blue.6', pipeline: 'violet.6', web: 'orange.6', supervisor: 'pink.6' }

export function MemoryFigures({ system }: Of) {
  const { tell } = useSpeech()
  const told = useSystemWords()
  const { memory, parts } = system
  const { total_bytes: total, available_bytes: available } = memory
  const own = parts.flatMap(({ name, memory_bytes: bytes }) =>
    bytes === null || name === 'site' ? [] : [{ name: told.partNames[name], bytes, color: partColors[name] }],
  )
  const others = Math.max(0, total - available - own.reduce((sum, { bytes }) => sum + bytes, 0))
  return (
    <Section title={told.memory} hint={told.memoryHint}>
      <Taken
        label={told.freeOf(tell.size(available), tell.size(total))}
        total={total}
        pieces={[
          ...own.toSorted((a, b) => b.bytes - a.bytes),
          { name: told.othersMemory, bytes: others, color: othersColor },
        ]}
        rest={{ name: told.available, bytes: available }}
      />
    </Section>
  )
}

type Piece = { name: string; bytes: number; color: string }

/** A whole by what takes it; the list says what the colours mean. */
function Taken(props: { label: string; total: number; pieces: Piece[]; rest: { name: string; bytes: number } }) {
  const { label, total, pieces, rest } = props
  const { tell } = useSpeech()
  return (
    <div>
      <Text size="sm" fw={600} mb={6}>
        {label}
      </Text>
      <Progress.Root size="lg" mb="sm" aria-hidden>
        {pieces.map(({ name, bytes, color }) => (
          <Progress.Section key={name} value={(bytes / total) * 100} color={color} />
        ))}
      </Progress.Root>
      <Figures
        of={[...pieces, { ...rest, color: null }].map(({ name, bytes, color }) => [
          name,
          <Group key={name} gap={8} wrap="nowrap" justify="flex-end">
            {tell.size(bytes)}
            <ColorSwatch size={10} color={color === null ? unused : varOf(color)} aria-hidden />
          </Group>,
        ])}
      />
    </div>
  )
}

/** As the bar has it. */
const unused = 'light-dark(var(--mantine-color-gray-2), var(--mantine-color-dark-4))'

function varOf(color: string): string {
  return `var(--mantine-color-${color.replace('.', '-')})`
}

export function VersionFigures({ system }: Of) {
  const { tell } = useSpeech()
  const told = useSystemWords()
  const { versions, machine, settings } = system
  const names = ['server', 'node', 'engine', 'warehouse', 'log', 'index'] as const
  return (
    <Section title={told.versions}>
      <Figures
        of={[
          ...names.map((name): [string, ReactNode] | null => {
            const version = versions[name]
            if (name === 'log' && version === null) return null
            return [told.versionNames[name], version === null ? <Unknown key={name}>{told.notKnown}</Unknown> : version]
          }),
          [told.machine, told.machineOf(machine.name, tell.number(machine.cores))],
          [told.dataDir, settings.data_dir],
          [told.accounts, told.places[settings.accounts]],
          [told.limits, told.places[settings.limits]],
        ]}
      />
    </Section>
  )
}

function Unknown({ children }: { children: ReactNode }) {
  return (
    <Text size="sm" fs="italic" component="span">
      {children}
    </Text>
  )
}

function fill(used: number, whole: number): string {
  return used > whole * 0.95 ? 'red' : used > whole * 0.8 ? 'yellow' : 'teal'
}
