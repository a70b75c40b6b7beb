// Asks before anything is sent again, and says what will happen.

import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core'
import type { Mode } from '../questions.ts'
import { useSpeech } from '../words/language.tsx'
import { useRejectedWords } from '../words/rejected.ts'
import type { Sum } from './foretold.tsx'

export function Sending({
  opened,
  sum: { events, requests, held, withoutId },
  product,
  mode,
  close,
  send,
}: {
  opened: boolean
  sum: Sum
  product: string
  mode: Mode
  close: () => void
  send: () => void
}) {
  const { words, tell } = useSpeech()
  const told = useRejectedWords()
  return (
    <Modal opened={opened} onClose={close} title={told.confirmTitle} closeButtonProps={{ 'aria-label': told.close }}>
      <Stack>
        <Text size="sm">{told.confirm(tell.number(events), tell.number(requests), product, words.mode[mode])}</Text>
        {held > 0 && <Text size="sm">{told.heldBack(tell.number(held))}</Text>}
        {withoutId > 0 && <Alert color="yellow">{told.withoutId(tell.number(withoutId))}</Alert>}
        <Text size="sm">{told.confirmOnce}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={close} data-autofocus>
            {told.cancel}
          </Button>
          <Button onClick={send}>{told.confirmSend(tell.number(events))}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}
