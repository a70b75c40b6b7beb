// Makes a key, and shows it the one time that it is ever shown.

import {
  Alert,
  Button,
  Checkbox,
  Group,
  Modal,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Text,
  TextInput,
} from '@mantine/core'
import { type FormEvent, useId, useState } from 'react'
import { type Mode, type Scope, useNewKey } from '../questions.ts'
import { Why } from '../states.tsx'
import { useSpeech } from '../words/language.tsx'
import { ShownOnce } from './shown-once.tsx'

const limitMax = 6_000_000
const fresh = { name: 'default', mode: 'live' as Mode, limit: 60, expiry: 'never', scopes: ['ingest'] as Scope[] }

export function NewKey({ product, opened, close }: { product: string; opened: boolean; close: () => void }) {
  const { words } = useSpeech()
  const making = useNewKey()
  const [wish, setWish] = useState(fresh)
  const end = () => {
    making.reset()
    setWish(fresh)
    close()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const { name, mode, limit, expiry, scopes } = wish
    making.mutate({
      product,
      name: name.trim(),
      mode,
      rate_limit: limit,
      scopes,
      ...(expiry !== 'never' && { expires_at: expiry }),
    })
  }
  const made = making.data
  return (
    <Modal
      opened={opened}
      onClose={end}
      title={made === undefined ? words.keys.newKey : words.keys.made}
      size="lg"
      closeOnClickOutside={made === undefined}
      closeButtonProps={{ 'aria-label': words.keys.close }}
    >
      {made === undefined ? (
        <form onSubmit={submit}>
          <Fields wish={wish} setWish={setWish} error={making.error} />
          <Group justify="flex-end" mt="lg">
            <Button variant="default" onClick={end}>
              {words.keys.cancel}
            </Button>
            <Button
              type="submit"
              loading={making.isPending}
              disabled={wish.name.trim() === '' || wish.scopes.length === 0}
            >
              {words.keys.create}
            </Button>
          </Group>
        </form>
      ) : (
        <ShownOnce secret={made.key} text={words.keys.madeText} done={end} />
      )}
    </Modal>
  )
}

type Wish = typeof fresh

function Fields({ wish, setWish, error }: { wish: Wish; setWish: (wish: Wish) => void; error: Error | null }) {
  const { words } = useSpeech()
  const modeId = useId()
  return (
    <Stack>
      {error !== null && (
        <Alert color="red">
          <Why error={error} />
        </Alert>
      )}
      <TextInput
        label={words.keys.name}
        description={words.keys.nameHint}
        value={wish.name}
        onChange={event => setWish({ ...wish, name: event.currentTarget.value })}
        maxLength={100}
        required
        data-autofocus
      />
      <div>
        <Text size="sm" fw={500} id={modeId}>
          {words.keys.mode}
        </Text>
        <Text size="xs" c="dimmed" mb={6}>
          {words.keys.modeHint}
        </Text>
        <SegmentedControl
          aria-labelledby={modeId}
          data={[
            { value: 'live', label: words.mode.live },
            { value: 'test', label: words.mode.test },
          ]}
          value={wish.mode}
          onChange={mode => setWish({ ...wish, mode: mode as Mode })}
        />
      </div>
      <Group grow align="flex-start">
        <NumberInput
          label={words.keys.limit}
          description={words.keys.limitHint}
          value={wish.limit}
          onChange={limit => setWish({ ...wish, limit: Number(limit) || 1 })}
          min={1}
          max={limitMax}
          allowDecimal={false}
          hideControls
          thousandSeparator=","
        />
        <Select
          label={words.keys.expiry}
          description={' '}
          data={[
            { value: 'never', label: words.keys.never },
            ...Object.entries(words.keys.expiries).map(([value, label]) => ({ value, label })),
          ]}
          value={wish.expiry}
          onChange={expiry => setWish({ ...wish, expiry: expiry ?? 'never' })}
          allowDeselect={false}
        />
      </Group>
      <Checkbox.Group
        label={words.keys.scopes}
        value={wish.scopes}
        onChange={scopes => setWish({ ...wish, scopes: scopes as Scope[] })}
        error={wish.scopes.length === 0 ? words.keys.scopeNeeded : null}
      >
        <Group mt={6}>
          <Checkbox value="ingest" label={words.keys.scope.ingest} />
          <Checkbox value="read" label={words.keys.scope.read} />
        </Group>
      </Checkbox.Group>
    </Stack>
  )
}
