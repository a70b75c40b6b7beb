// With which key, how, and what else goes along; and the button that sends it.

import {
  ActionIcon,
  Button,
  Checkbox,
  Group,
  Kbd,
  SegmentedControl,
  Stack,
  Text,
  TextInput,
  Tooltip,
} from '@mantine/core'
import { PaperPlaneIcon, UpdateIcon } from '@radix-ui/react-icons'
import { freshId } from '../mistakes.ts'
import { useLooking } from '../shell.tsx'
import { type Draft, modeOf, pathOf } from '../tries.ts'
import { useTryWords } from '../words/try-it.ts'
import { type Held, TryKey } from './try-key.tsx'

const longestKey = 1_000

export function TrySend({
  product,
  draft,
  change,
  held,
  hold,
  isPending,
  send,
}: {
  product: string
  draft: Draft
  change: (more: Partial<Draft>) => void
  held: Held
  hold: (held: Held) => void
  isPending: boolean
  send: () => void
}) {
  const told = useTryWords()
  const { role } = useLooking()
  const { isDry, kind, partial, idempotencyKey } = draft
  const isViewer = role === 'viewer'
  const meaning = isDry ? told.dryHint : modeOf(held.secret) === 'test' ? told.realTest : told.realLive
  return (
    <Stack>
      <TryKey product={product} held={held} hold={hold} />
      <TextInput
        label={told.idempotency}
        description={told.idempotencyHint}
        value={idempotencyKey}
        maxLength={longestKey}
        onChange={event => change({ idempotencyKey: event.currentTarget.value })}
        autoComplete="off"
        spellCheck={false}
        rightSection={<FreshKey set={fresh => change({ idempotencyKey: fresh })} />}
      />
      {kind === 'batch' && (
        <Checkbox
          label={told.partial}
          checked={partial}
          onChange={event => change({ partial: event.currentTarget.checked })}
        />
      )}
      <div>
        <SegmentedControl
          aria-label={told.how}
          fullWidth
          data={[
            { value: 'dry', label: told.dry },
            { value: 'real', label: told.real, disabled: isViewer },
          ]}
          value={isDry ? 'dry' : 'real'}
          onChange={chosen => change({ isDry: chosen === 'dry' })}
        />
        <Text size="sm" c="dimmed" mt={6}>
          {isViewer ? told.realViewer : meaning}
        </Text>
      </div>
      <Stack gap={6}>
        <Button fullWidth leftSection={<PaperPlaneIcon />} loading={isPending} onClick={send}>
          {isDry ? told.sendDry : told.sendReal}
        </Button>
        <Group justify="space-between">
          <Text size="xs" c="dimmed" ff="monospace" className="whole" data-testid="target">
            POST {pathOf(draft)}
          </Text>
          <Text size="xs" c="dimmed" visibleFrom="md">
            <Kbd size="xs">Ctrl</Kbd> + <Kbd size="xs">Enter</Kbd>
          </Text>
        </Group>
      </Stack>
    </Stack>
  )
}

function FreshKey({ set }: { set: (key: string) => void }) {
  const told = useTryWords()
  return (
    <Tooltip label={told.fresh}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`${told.fresh}: ${told.idempotency}`}
        onClick={() => set(freshId('try'))}
      >
        <UpdateIcon />
      </ActionIcon>
    </Tooltip>
  )
}
