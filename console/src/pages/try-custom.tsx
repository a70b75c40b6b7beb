// The custom properties of an event: any other key, with any value.

import type { Field } from '@datapulse/contract/fields'
import { Button, CloseButton, Group, Stack, Text, TextInput } from '@mantine/core'
import { PlusIcon } from '@radix-ui/react-icons'
import { useState } from 'react'
import { type Fields, shownIn, valueOf } from '../composed.ts'
import { inert } from '../sent-body.ts'
import { useTryWords } from '../words/try-it.ts'
import { fieldId } from './try-field.tsx'

const shownMost = 30

export function TryCustom({
  event,
  known,
  messageOf,
  set,
}: {
  event: Fields
  known: Field[]
  messageOf: (field: string) => string | null
  set: (name: string, value: unknown) => void
}) {
  const told = useTryWords()
  const [name, setName] = useState('')
  const names = new Set(known.map(field => field.name))
  const custom = Object.entries(event).filter(([key]) => !names.has(key))
  const isNew = name.trim() !== '' && !Object.hasOwn(event, name.trim())
  const add = () => {
    if (!isNew) return
    set(name.trim(), '')
    setName('')
  }
  return (
    <Stack gap="xs">
      {custom.length > 0 && (
        <Text size="sm" fw={600}>
          {told.custom}
        </Text>
      )}
      {custom.slice(0, shownMost).map(([key, value]) => (
        <Group key={key} gap="xs" align="flex-end" wrap="nowrap">
          <TextInput
            id={fieldId(key)}
            label={inert(key)}
            value={shownIn(value)}
            onChange={change => set(key, valueOf('custom', change.currentTarget.value) ?? '')}
            error={messageOf(key)}
            styles={{ label: { fontFamily: 'var(--mantine-font-family-monospace)', overflowWrap: 'anywhere' } }}
            flex={1}
            miw={0}
          />
          <CloseButton size="lg" aria-label={told.removeField(inert(key))} onClick={() => set(key, undefined)} />
        </Group>
      ))}
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <TextInput
          label={told.customName}
          value={name}
          maxLength={128}
          onChange={change => setName(change.currentTarget.value)}
          onKeyDown={pressed => pressed.key === 'Enter' && add()}
          flex={1}
          miw={0}
        />
        <Button variant="default" leftSection={<PlusIcon />} disabled={!isNew} onClick={add}>
          {told.add}
        </Button>
      </Group>
    </Stack>
  )
}
