// Asks before a key is revoked, and says what will stop.

import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core'
import { ExclamationTriangleIcon } from '@radix-ui/react-icons'
import { type Key, useRevoking } from '../questions.ts'
import { Why } from '../states.tsx'
import { useNotice } from '../use-notice.ts'
import { useNow } from '../use-now.ts'
import { useSpeech } from '../words/language.tsx'

export function Revoking({ chosen, others, close }: { chosen: Key | null; others: Key[]; close: () => void }) {
  const { words, tell } = useSpeech()
  const tellDone = useNotice()
  const revoking = useRevoking()
  const nowMs = useNow()
  const able = others.filter(key => key.mode === chosen?.mode && key.scopes.includes('ingest'))
  const end = () => {
    revoking.reset()
    close()
  }
  const revoke = (key: Key) =>
    revoking.mutate(key.id, {
      onSuccess() {
        tellDone(words.keys.revoked(key.name))
        end()
      },
    })
  return (
    <Modal
      opened={chosen !== null}
      onClose={end}
      title={chosen === null ? '' : words.keys.revokeTitle(chosen.name)}
      closeButtonProps={{ 'aria-label': words.keys.close }}
    >
      {chosen !== null && (
        <Stack>
          {revoking.error !== null && (
            <Alert color="red">
              <Why error={revoking.error} />
            </Alert>
          )}
          <Text size="sm">{words.keys.revokeText}</Text>
          <Alert
            color={chosen.last_used_at === null ? 'gray' : able.length === 0 ? 'red' : 'yellow'}
            icon={<ExclamationTriangleIcon />}
          >
            <Stack gap={6}>
              <Text size="sm">
                {chosen.last_used_at === null
                  ? words.keys.revokeUnused
                  : words.keys.revokeUsed(tell.fromNow(chosen.last_used_at, nowMs))}
              </Text>
              <Text size="sm">{able.length === 0 ? words.keys.revokeLast : words.keys.revokeOthers(able.length)}</Text>
            </Stack>
          </Alert>
          <Group justify="flex-end">
            <Button variant="default" onClick={end} data-autofocus>
              {words.keys.cancel}
            </Button>
            <Button color="red" loading={revoking.isPending} onClick={() => revoke(chosen)}>
              {words.keys.revoke}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  )
}
