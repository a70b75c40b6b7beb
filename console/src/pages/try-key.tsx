// The key that requests are sent with: pasted, or made for a quarter of an hour. It is in the state of the page and in nothing
// that outlives it.

import { Alert, Badge, Button, Group, PasswordInput, Stack, Text } from '@mantine/core'
import { LockClosedIcon } from '@radix-ui/react-icons'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { change } from '../api.ts'
import { type Key, keysQuestion } from '../questions.ts'
import { useLooking } from '../shell.tsx'
import { Why } from '../states.tsx'
import { modeOf } from '../tries.ts'
import { useCall } from '../use-call.ts'
import { useNotice } from '../use-notice.ts'
import { useNow } from '../use-now.ts'
import { useTryWords } from '../words/try-it.ts'

/** `made`: the key is one that was made here. */
export type Held = { secret: string; made: Key | null }

export const nothingHeld: Held = { secret: '', made: null }
const lifetime = '15m'

export function TryKey({ product, held, hold }: { product: string; held: Held; hold: (held: Held) => void }) {
  const told = useTryWords()
  const { role } = useLooking()
  const tellDone = useNotice()
  const client = useQueryClient()
  const { run, isPending } = useCall()
  const [failure, setFailure] = useState<Error | null>(null)
  const call = async <Answer,>(calling: () => Promise<Answer>): Promise<Answer | null> => {
    const called = await run(calling)
    setFailure('failure' in called ? called.failure : null)
    void client.invalidateQueries({ queryKey: keysQuestion(product).queryKey })
    return 'answer' in called ? called.answer : null
  }
  const make = async () => {
    const wish = { product, name: told.keyName, mode: 'test', scopes: ['ingest'], expires_at: lifetime }
    const answer = await call(() => change<Key & { key: string }>('POST', '/api/keys', wish))
    if (answer === null) return
    const { key: secret, ...made } = answer
    hold({ secret, made })
  }
  const revoke = async (key: Key) => {
    const answer = await call(() => change<Key>('DELETE', `/api/keys/${encodeURIComponent(key.id)}`))
    if (answer === null) return
    hold(nothingHeld)
    tellDone(told.revoked)
  }
  return (
    <Stack gap="xs">
      {failure !== null && (
        <Alert color="red">
          <Why error={failure} />
        </Alert>
      )}
      {held.made === null ? (
        <>
          <PasswordInput
            label={told.key}
            description={told.keyHint}
            placeholder="dp_test_…"
            value={held.secret}
            onChange={event => hold({ secret: event.currentTarget.value.trim(), made: null })}
            // What a browser takes for a code that is good once it does not offer to keep.
            autoComplete="one-time-code"
            data-1p-ignore
            data-lpignore="true"
            visibilityToggleButtonProps={{ 'aria-label': told.showKey }}
          />
          <KeySaid secret={held.secret} />
          {role === 'admin' && (
            <div>
              <Button
                size="xs"
                variant="light"
                leftSection={<LockClosedIcon />}
                loading={isPending}
                onClick={() => void make()}
              >
                {told.makeKey}
              </Button>
            </div>
          )}
        </>
      ) : (
        <MadeKey made={held.made} isPending={isPending} revoke={revoke} make={make} forget={() => hold(nothingHeld)} />
      )}
    </Stack>
  )
}

function KeySaid({ secret }: { secret: string }) {
  const told = useTryWords()
  const isLive = modeOf(secret) === 'live'
  if (secret !== '' && !isLive) return null
  return (
    <Text size="xs" c={isLive ? 'var(--mantine-color-orange-light-color)' : 'dimmed'} fw={isLive ? 600 : 400}>
      {isLive ? told.liveKey : told.noKey}
    </Text>
  )
}

function MadeKey({
  made,
  isPending,
  revoke,
  make,
  forget,
}: {
  made: Key
  isPending: boolean
  revoke: (key: Key) => Promise<void>
  make: () => Promise<void>
  forget: () => void
}) {
  const told = useTryWords()
  const leftMs = Math.max(0, Date.parse(made.expires_at ?? '') - useNow(1_000))
  const isOver = leftMs === 0
  return (
    <Alert color={isOver ? 'gray' : 'blue'} icon={<LockClosedIcon />} data-testid="test-key">
      <Stack gap="xs">
        <Group gap="xs">
          <Text size="sm" fw={600}>
            {told.testKey(`${made.prefix}…`, made.product)}
          </Text>
          <Badge variant="light" color={isOver ? 'gray' : 'blue'}>
            {isOver ? told.keyEnded : told.keyEnds(clockOf(leftMs))}
          </Badge>
        </Group>
        <Text size="xs">{told.keyHint}</Text>
        <Group gap="xs">
          {isOver ? (
            <Button size="xs" loading={isPending} onClick={() => void make()}>
              {told.makeKey}
            </Button>
          ) : (
            <Button size="xs" variant="default" loading={isPending} onClick={() => void revoke(made)}>
              {told.revoke}
            </Button>
          )}
          <Button size="xs" variant="subtle" onClick={forget}>
            {told.otherKey}
          </Button>
        </Group>
      </Stack>
    </Alert>
  )
}

/** `14:05` */
function clockOf(ms: number): string {
  const seconds = Math.ceil(ms / 1_000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
