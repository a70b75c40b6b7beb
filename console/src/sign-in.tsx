// Takes a token once, for a session. The token is kept nowhere but in the field.

import { Alert, Button, Card, Center, Group, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { change, Failure } from './api.ts'
import { AppearanceMenu, LanguageMenu } from './choices.tsx'
import icon from './icon.svg'
import { type Role, type Session, sessionQuestion } from './questions.ts'
import { Why } from './states.tsx'
import type { Words } from './words/en.ts'
import { useSpeech } from './words/language.tsx'

export function SignIn({ isOver }: { isOver: boolean }) {
  const { words } = useSpeech()
  const client = useQueryClient()
  const [token, setToken] = useState('')
  const [name, setName] = useState('')
  const signing = useMutation({
    mutationFn: () =>
      change<{ role: Role; session: Session }>('POST', '/api/session', { token, name: name.trim() || undefined }),
    onSuccess(signed) {
      client.setQueryData(sessionQuestion.queryKey, signed)
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (token.trim() !== '') signing.mutate()
  }
  return (
    <Center component="main" className="signIn" p="md">
      <Stack w="100%" maw={420}>
        <Group justify="space-between">
          <Mark />
          <Group gap="xs">
            <LanguageMenu />
            <AppearanceMenu />
          </Group>
        </Group>
        <Card shadow="sm" padding="xl">
          <form onSubmit={submit}>
            <Stack>
              <div>
                <Title order={1} size="h2">
                  {words.signIn.title}
                </Title>
                <Text c="dimmed" size="sm" mt={4}>
                  {words.signIn.lead}
                </Text>
              </div>
              {isOver && signing.status === 'idle' && <Alert color="yellow">{words.signIn.over}</Alert>}
              <PasswordInput
                label={words.signIn.token}
                description={words.signIn.tokenHint}
                value={token}
                onChange={event => setToken(event.currentTarget.value)}
                error={signing.error && problemOf(signing.error, words)}
                autoComplete="current-password"
                data-autofocus
                required
              />
              <TextInput
                label={words.signIn.name}
                description={words.signIn.nameHint}
                value={name}
                onChange={event => setName(event.currentTarget.value)}
                maxLength={100}
                autoComplete="name"
              />
              <Button type="submit" size="md" loading={signing.isPending} disabled={token.trim() === ''}>
                {words.signIn.submit}
              </Button>
              <Text size="xs" c="dimmed">
                {words.signIn.kept}
              </Text>
            </Stack>
          </form>
        </Card>
      </Stack>
    </Center>
  )
}

export function Mark() {
  const { words } = useSpeech()
  return (
    <Group gap="xs" wrap="nowrap">
      <img src={icon} alt="" width={28} height={28} />
      <Text fw={700} size="lg">
        {words.name}
      </Text>
    </Group>
  )
}

function problemOf(error: Error, words: Words): ReactNode {
  if (error instanceof Failure && error.status === 401) return words.signIn.wrong
  if (error instanceof Failure && error.status === 429) return words.signIn.throttled(error.retryAfterSeconds ?? 60)
  return <Why error={error} />
}
