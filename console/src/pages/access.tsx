// Who may look, who is signed in, and who did what: viewers are made and removed, sessions ended.

import { Badge, Button, Group, Modal, Stack, Table, Text, TextInput, VisuallyHidden } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { PlusIcon } from '@radix-ui/react-icons'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import {
  type Session,
  sessionQuestion,
  sessionsQuestion,
  useEndingSession,
  useNewViewer,
  useRemovingViewer,
  type Viewer,
  viewersQuestion,
} from '../questions.ts'
import { Loading, Stale, Unavailable, Why } from '../states.tsx'
import { useNotice } from '../use-notice.ts'
import { useNow } from '../use-now.ts'
import { useSpeech } from '../words/language.tsx'
import { AuditLog } from './audit-log.tsx'
import { PageHead } from './page-head.tsx'
import { Section } from './section.tsx'
import { ShownOnce } from './shown-once.tsx'
import { WideTable } from './wide-table.tsx'

export default function Access() {
  const { words } = useSpeech()
  const viewers = useQuery(viewersQuestion)
  const sessions = useQuery(sessionsQuestion)
  const [making, maker] = useDisclosure()
  const [removing, setRemoving] = useState<Viewer | null>(null)
  const failed = [viewers, sessions].find(({ data, isPending }) => data === undefined && !isPending)
  return (
    <>
      <PageHead title={words.pages.access} lead={words.access.lead}>
        <Button leftSection={<PlusIcon />} onClick={maker.open}>
          {words.access.newViewer}
        </Button>
      </PageHead>
      <Stack>
        <Stale of={[viewers, sessions]} />
        {failed !== undefined ? (
          <Unavailable error={failed.error} retry={() => void failed.refetch()} />
        ) : viewers.data === undefined || sessions.data === undefined ? (
          <Loading rows={3} />
        ) : (
          <>
            <Section title={words.access.viewers} hint={words.access.viewersHint}>
              <Viewers viewers={viewers.data.filter(viewer => viewer.removed_at === null)} remove={setRemoving} />
            </Section>
            <Section title={words.access.sessions} hint={words.access.sessionsHint}>
              <Sessions sessions={sessions.data} />
            </Section>
            <AuditLog />
          </>
        )}
      </Stack>
      <NewViewer opened={making} close={maker.close} />
      <Removing viewer={removing} close={() => setRemoving(null)} />
    </>
  )
}

function Viewers({ viewers, remove }: { viewers: Viewer[]; remove: (viewer: Viewer) => void }) {
  const { words, tell } = useSpeech()
  if (viewers.length === 0) return <Text size="sm">{words.access.noViewers}</Text>
  return (
    <Stack gap="xs">
      {viewers.map(viewer => (
        <Group key={viewer.id} justify="space-between" wrap="nowrap">
          <div>
            <Text size="sm" fw={600}>
              {viewer.name}
            </Text>
            <Text size="xs" c="dimmed">
              {words.access.since}: {tell.moment(viewer.created_at)}
            </Text>
          </div>
          <Button
            size="xs"
            variant="subtle"
            color="red"
            aria-label={`${words.access.remove}: ${viewer.name}`}
            onClick={() => remove(viewer)}
          >
            {words.access.remove}
          </Button>
        </Group>
      ))}
    </Stack>
  )
}

function Sessions({ sessions }: { sessions: Session[] }) {
  const { words, tell } = useSpeech()
  const tellDone = useNotice()
  const nowMs = useNow()
  const own = useQuery(sessionQuestion).data?.session?.id
  const ending = useEndingSession()
  const nameOf = ({ name }: Session) => name ?? words.access.unnamed
  const end = (session: Session) =>
    ending.mutate(session.id, {
      onSuccess: () => tellDone(words.access.ended(nameOf(session))),
    })
  return (
    <WideTable label={words.access.sessions} minWidth={720} fits>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{words.access.who}</Table.Th>
            <Table.Th scope="col" className="wide">
              {words.access.role}
            </Table.Th>
            <Table.Th scope="col" className="wide">
              {words.access.address}
            </Table.Th>
            <Table.Th scope="col">{words.access.seen}</Table.Th>
            <Table.Th scope="col" className="wide">
              {words.access.ends}
            </Table.Th>
            <Table.Th>
              <VisuallyHidden>{words.access.end}</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {sessions.map(session => (
            <Table.Tr key={session.id}>
              <Table.Th scope="row" fw={600}>
                <Group gap="xs">
                  {nameOf(session)}
                  {session.id === own && <Badge variant="light">{words.access.own}</Badge>}
                </Group>
                <Text size="xs" c="dimmed" className="narrow">
                  {session.address ?? '–'}
                </Text>
              </Table.Th>
              <Table.Td className="wide">{words.role[session.role]}</Table.Td>
              <Table.Td className="wide">{session.address ?? '–'}</Table.Td>
              <Table.Td>{tell.fromNow(session.seen_at, nowMs)}</Table.Td>
              <Table.Td className="wide">{tell.fromNow(session.ends_at, nowMs)}</Table.Td>
              <Table.Td className="end">
                {session.id !== own && (
                  <Button
                    size="xs"
                    variant="subtle"
                    color="red"
                    aria-label={`${words.access.end}: ${nameOf(session)}`}
                    onClick={() => end(session)}
                  >
                    {words.access.end}
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </WideTable>
  )
}

function NewViewer({ opened, close }: { opened: boolean; close: () => void }) {
  const { words } = useSpeech()
  const [name, setName] = useState('')
  const making = useNewViewer()
  const made = making.data
  const end = () => {
    making.reset()
    setName('')
    close()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    making.mutate(name.trim())
  }
  return (
    <Modal
      opened={opened}
      onClose={end}
      title={made === undefined ? words.access.newViewer : words.access.made}
      closeOnClickOutside={made === undefined}
      closeButtonProps={{ 'aria-label': words.keys.close }}
    >
      {made === undefined ? (
        <form onSubmit={submit}>
          <Stack>
            <TextInput
              label={words.access.name}
              description={words.access.nameHint}
              value={name}
              onChange={event => setName(event.currentTarget.value)}
              error={making.error && <Why error={making.error} />}
              maxLength={100}
              required
              data-autofocus
            />
            <Group justify="flex-end">
              <Button variant="default" onClick={end}>
                {words.keys.cancel}
              </Button>
              <Button type="submit" loading={making.isPending} disabled={name.trim() === ''}>
                {words.keys.create}
              </Button>
            </Group>
          </Stack>
        </form>
      ) : (
        <ShownOnce secret={made.token} text={words.access.madeText} done={end} />
      )}
    </Modal>
  )
}

function Removing({ viewer, close }: { viewer: Viewer | null; close: () => void }) {
  const { words } = useSpeech()
  const tellDone = useNotice()
  const removing = useRemovingViewer()
  const remove = (one: Viewer) =>
    removing.mutate(one.id, {
      onSuccess() {
        tellDone(words.access.removed(one.name))
        close()
      },
    })
  return (
    <Modal
      opened={viewer !== null}
      onClose={close}
      title={viewer === null ? '' : words.access.removeTitle(viewer.name)}
      closeButtonProps={{ 'aria-label': words.keys.close }}
    >
      {viewer !== null && (
        <Stack>
          {removing.error !== null && (
            <Text size="sm" c="red" role="alert">
              <Why error={removing.error} />
            </Text>
          )}
          <Text size="sm">{words.access.removeText}</Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={close} data-autofocus>
              {words.keys.cancel}
            </Button>
            <Button color="red" loading={removing.isPending} onClick={() => remove(viewer)}>
              {words.access.remove}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  )
}
