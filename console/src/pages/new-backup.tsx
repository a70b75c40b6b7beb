// Asks where a backup is to go, says what it costs, and begins it.

import { Alert, Button, Checkbox, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { Why } from '../states.tsx'
import { type System, useNewBackup } from '../system-questions.ts'
import { useSpeech } from '../words/language.tsx'
import { useSystemWords } from '../words/system.ts'

export function NewBackup({ system, latest, close }: { system: System; latest: string | null; close: () => void }) {
  const { words, tell } = useSpeech()
  const told = useSystemWords()
  const [next] = useState(() => nextTo(latest ?? '/backups/', new Date()))
  const [to, setTo] = useState(latest === null ? '' : next)
  const [check, setCheck] = useState(true)
  const making = useNewBackup()
  const { log, warehouse, directories } = system
  const bytes = (warehouse?.bytes ?? 0) + (log?.bytes ?? 0) + (directories?.bytes.accounts ?? 0)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    making.mutate({ to: to.trim(), check }, { onSuccess: close })
  }
  return (
    <Modal opened onClose={close} title={told.newBackupTitle} closeButtonProps={{ 'aria-label': words.keys.close }}>
      <form onSubmit={submit}>
        <Stack>
          {making.error !== null && (
            <Alert color="red" role="alert">
              <Why error={making.error} />
            </Alert>
          )}
          <Text size="sm">{told.newBackupText(tell.size(bytes))}</Text>
          <TextInput
            label={told.folder}
            description={told.folderHint}
            placeholder={next}
            value={to}
            onChange={event => setTo(event.currentTarget.value)}
            maxLength={1_024}
            required
            data-autofocus
          />
          <Checkbox label={told.thenCheck} checked={check} onChange={event => setCheck(event.currentTarget.checked)} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {words.keys.cancel}
            </Button>
            <Button type="submit" loading={making.isPending} disabled={to.trim() === ''}>
              {told.begin}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

/** Beside the one before, named by the time. */
function nextTo(path: string, now: Date): string {
  const folder = path.slice(0, path.lastIndexOf('/') + 1)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('-')
  return `${folder}${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`
}
