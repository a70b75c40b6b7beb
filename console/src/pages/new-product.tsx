// Makes a product, and goes there.

import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useNavigate } from 'react-router'
import { useNewProduct } from '../questions.ts'
import { Why } from '../states.tsx'
import { useNotice } from '../use-notice.ts'
import { useSpeech } from '../words/language.tsx'

export function NewProduct({ opened, close }: { opened: boolean; close: () => void }) {
  const { words } = useSpeech()
  const tellDone = useNotice()
  const [id, setId] = useState('')
  const navigate = useNavigate()
  const making = useNewProduct()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    try {
      const product = await making.mutateAsync(id.trim())
      tellDone(words.keys.productMade(product.id))
      setId('')
      close()
      await navigate(`/${product.id}/keys`)
    } catch {
      // The field says what is wrong.
    }
  }
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={words.keys.newProduct}
      closeButtonProps={{ 'aria-label': words.keys.close }}
    >
      <form onSubmit={event => void submit(event)}>
        <Stack>
          <TextInput
            label={words.keys.productId}
            description={words.keys.productHint}
            value={id}
            onChange={event => setId(event.currentTarget.value)}
            error={making.error && <Why error={making.error} />}
            data-autofocus
            required
            maxLength={63}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {words.keys.cancel}
            </Button>
            <Button type="submit" loading={making.isPending} disabled={id.trim() === ''}>
              {words.keys.create}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
