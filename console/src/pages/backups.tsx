// Which backups there are, how the one that is being made or read goes, and how to restore one. Admins make and check them.

import { Alert, Badge, Button, Code, Group, Progress, Stack, Table, Text, VisuallyHidden } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { ArchiveIcon, CheckCircledIcon, CrossCircledIcon } from '@radix-ui/react-icons'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Stale, Unanswered, Why } from '../states.tsx'
import {
  type Backup,
  type BackupThere,
  backupQuestion,
  backupsQuestion,
  type System,
  useBackupCheck,
} from '../system-questions.ts'
import { useNotice } from '../use-notice.ts'
import { useAgo } from '../use-ago.ts'
import { useSpeech } from '../words/language.tsx'
import { useSystemWords } from '../words/system.ts'
import { CopyIconButton } from './copy-icon-button.tsx'
import { NewBackup } from './new-backup.tsx'
import { Section } from './section.tsx'
import { Mark } from './verdict.tsx'
import { WideTable } from './wide-table.tsx'

export function Backups({ system, isAdmin }: { system: System; isAdmin: boolean }) {
  const told = useSystemWords()
  if (system.settings.backup === 'elsewhere')
    return (
      <Section title={told.backups}>
        <Text size="sm">{told.backupsElsewhere}</Text>
      </Section>
    )
  return <BackupsHere system={system} isAdmin={isAdmin} />
}

function BackupsHere({ system, isAdmin }: { system: System; isAdmin: boolean }) {
  const told = useSystemWords()
  const ago = useAgo(system.time)
  const listed = useQuery(backupsQuestion)
  const last = useQuery(backupQuestion)
  const [opened, { open, close }] = useDisclosure()
  const backups = listed.data?.backups
  const whole = backups?.find(({ state }) => state === 'complete')
  const isBusy = last.data?.state === 'copying'
  const check = listed.data?.check ?? null
  const copied = last.data?.state === 'copying' ? last.data.to : null
  const [begun, setBegun] = useState<string | null>(null)
  if (copied !== null && copied !== begun) setBegun(copied)
  const isLost = begun !== null && last.data === null
  return (
    <Section
      title={told.backups}
      hint={told.backupsHint}
      side={
        isAdmin ? (
          <Button leftSection={<ArchiveIcon />} onClick={open} disabled={isBusy || last.data === undefined}>
            {told.newBackup}
          </Button>
        ) : null
      }
    >
      <Stack>
        <Stale of={[listed, last]} />
        {system.settings.warehouse === 'server' && <Text size="sm">{told.withoutWarehouse}</Text>}
        {whole !== undefined && (
          <Text size="sm">
            {told.lastMade(ago(whole.taken_at ?? whole.ended_at), whole.checked_at && ago(whole.checked_at))}
          </Text>
        )}
        {isLost && (
          <Alert color="red" radius="lg" icon={<CrossCircledIcon />} title={told.backupFailed(begun)}>
            {told.lookingAgain}
          </Alert>
        )}
        {last.data != null && isNew(last.data, system.time) && <LastBackup backup={last.data} />}
        {check?.state === 'checking' && (
          <Going title={told.checking(check.from)} done={check.done} bytes={check.bytes} />
        )}
        {backups === undefined ? (
          <Unanswered of={listed} rows={2} />
        ) : backups.length === 0 ? (
          <div>
            <Text size="sm" fw={600}>
              {told.noBackups}
            </Text>
            <Text size="sm">{told.noBackupsText}</Text>
          </div>
        ) : (
          <BackupTable
            backups={backups}
            time={system.time}
            canCheck={isAdmin && check?.state !== 'checking'}
            isAdmin={isAdmin}
          />
        )}
        <Restoring from={whole?.to ?? null} />
      </Stack>
      {opened && <NewBackup system={system} latest={backups?.[0]?.to ?? null} close={close} />}
    </Section>
  )
}

/** What came of it is told for a while, after which the list says enough. */
function isNew({ ended_at: ended }: Backup, time: string): boolean {
  return ended === null || Date.parse(time) - Date.parse(ended) < toldMs
}

const toldMs = 600_000

function LastBackup({ backup }: { backup: Backup }) {
  const { tell } = useSpeech()
  const told = useSystemWords()
  const { state, to, bytes, done, events, queued, loads_held_ms: heldMs, problem } = backup
  if (state === 'copying') return <Going title={told.copying(to)} done={done} bytes={bytes} />
  if (state === 'failed')
    return (
      <Alert color="red" radius="lg" icon={<CrossCircledIcon />} title={told.backupFailed(to)}>
        <Text size="sm" className="sent">
          {problem}
        </Text>
      </Alert>
    )
  return (
    <Alert role="status" color="teal" variant="light" radius="lg" icon={<CheckCircledIcon />}>
      <span className="sent">
        {told.backedUp(
          to,
          queued === 0 ? tell.number(events) : told.plusQueued(tell.number(events), tell.number(queued)),
        )}{' '}
        {told.held(tell.length(heldMs))}
      </span>
    </Alert>
  )
}

function Going({ title, done, bytes }: { title: string; done: number; bytes: number }) {
  const { tell } = useSpeech()
  const told = useSystemWords()
  return (
    <div role="status">
      <Group justify="space-between" mb={4}>
        <Text size="sm" fw={600} className="sent">
          {title}
        </Text>
        <Text size="sm">{told.progress(tell.size(done), tell.size(bytes))}</Text>
      </Group>
      <Progress value={bytes === 0 ? 0 : Math.min(100, (done / bytes) * 100)} animated aria-label={title} />
    </div>
  )
}

const colors = { complete: 'teal', damaged: 'red', failed: 'red' }

function BackupTable({
  backups,
  canCheck,
  isAdmin,
  time,
}: {
  backups: BackupThere[]
  canCheck: boolean
  isAdmin: boolean
  time: string
}) {
  const { tell } = useSpeech()
  const told = useSystemWords()
  const ago = useAgo(time)
  const tellDone = useNotice()
  const checking = useBackupCheck()
  const heads = told.columns
  const check = ({ to }: BackupThere) => checking.mutate(to, { onSuccess: () => tellDone(told.checkBegun(to)) })
  return (
    <>
      {checking.error !== null && (
        <Alert color="red">
          <Why error={checking.error} />
        </Alert>
      )}
      <WideTable label={told.backups} minWidth={760}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              {[heads.folder, heads.taken, heads.size, heads.events, heads.state, heads.checked].map(head => (
                <Table.Th key={head} scope="col">
                  {head}
                </Table.Th>
              ))}
              {isAdmin && (
                <Table.Th>
                  <VisuallyHidden>{told.check}</VisuallyHidden>
                </Table.Th>
              )}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {backups.map(one => (
              <Table.Tr key={one.to}>
                <Table.Th scope="row" fw={400}>
                  <Code style={{ whiteSpace: 'nowrap' }}>{one.to}</Code>
                  {one.problem !== null && (
                    <Text size="xs" maw={420} style={{ whiteSpace: 'normal' }} className="sent">
                      {one.problem}
                    </Text>
                  )}
                </Table.Th>
                <Table.Td>{tell.moment(one.taken_at ?? one.ended_at)}</Table.Td>
                <Table.Td>{one.state === 'failed' ? '–' : tell.size(one.bytes)}</Table.Td>
                <Table.Td>{eventsOf(one)}</Table.Td>
                <Table.Td>
                  <Mark color={colors[one.state]}>{told.backupStates[one.state]}</Mark>
                </Table.Td>
                <Table.Td>{one.checked_at === null ? told.never : ago(one.checked_at)}</Table.Td>
                {isAdmin && (
                  <Table.Td className="end">
                    {one.state !== 'failed' && (
                      <Button
                        size="xs"
                        variant="subtle"
                        disabled={!canCheck}
                        aria-label={`${told.check}: ${one.to}`}
                        onClick={() => check(one)}
                      >
                        {told.check}
                      </Button>
                    )}
                  </Table.Td>
                )}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </WideTable>
    </>
  )

  function eventsOf({ state, warehouse, events, queued }: BackupThere): ReactNode {
    if (state === 'failed') return '–'
    if (warehouse === 'server') return <Badge variant="light">{told.places.server}</Badge>
    return queued === 0 ? tell.number(events) : told.plusQueued(tell.number(events), tell.number(queued))
  }
}

function Restoring({ from }: { from: string | null }) {
  const told = useSystemWords()
  const folder = quoted(from ?? '/backups/…')
  const text = [
    `npx --no datapulse restore --check --from ${folder}`,
    `npx --no datapulse restore --from ${folder} --data-dir ./restored`,
    'npx --no datapulse serve --data-dir ./restored',
  ].join('\n')
  return (
    <div>
      <Text size="sm" fw={600} component="h3">
        {told.restore}
      </Text>
      <Text size="sm" c="dimmed" mb={6}>
        {told.restoreText}
      </Text>
      <Group wrap="nowrap" align="flex-start" gap="xs">
        <Code block tabIndex={0} style={{ flex: 1, minWidth: 0 }}>
          {text}
        </Code>
        <CopyIconButton text={text} />
      </Group>
    </div>
  )
}

/** As a shell takes it. */
function quoted(path: string): string {
  return /^[\w./…-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`
}
