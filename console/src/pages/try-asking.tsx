// Asks before anything is sent that counts.

import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useTryWords } from '../words/try-it.ts'

export function TryAsking({
  opened,
  product,
  close,
  send,
}: {
  opened: boolean
  product: string
  close: () => void
  send: () => void
}) {
  const told = useTryWords()
  return (
    <Modal opened={opened} onClose={close} title={told.confirmTitle} closeButtonProps={{ 'aria-label': told.close }}>
      <Stack>
        <Text size="sm">{told.confirm(product)}</Text>
        <Text size="sm">{told.confirmOnce}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={close} data-autofocus>
            {told.cancel}
          </Button>
          <Button onClick={send}>{told.sendReal}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}
