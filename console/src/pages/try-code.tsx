// The request that is composed, as a program would send it. The key is not in it.

import { Card, Code, Stack, Text, Title } from '@mantine/core'
import { textSnippetOf } from '../snippets.ts'
import { type Draft, pathOf } from '../tries.ts'
import { useTryWords } from '../words/try-it.ts'
import { LanguageChoice, useSnippetLanguage } from './language-choice.tsx'

const shownMost = 20_000

export function TryCode({ draft, address }: { draft: Draft; address: string }) {
  const told = useTryWords()
  const [language, choose] = useSnippetLanguage()
  const { idempotencyKey, text: body } = draft
  const text = textSnippetOf(language, {
    url: `${address}${pathOf(draft)}`,
    headers: idempotencyKey === '' ? {} : { 'Idempotency-Key': idempotencyKey },
    text: body,
  })
  return (
    <Card>
      <Stack gap="xs">
        <div>
          <Title order={2} size="h4">
            {told.code}
          </Title>
          <Text size="xs" c="dimmed">
            {told.codeHint}
          </Text>
        </div>
        <LanguageChoice label={told.code} language={language} choose={choose} text={text} />
        <Code block tabIndex={0} className="body" data-testid="code">
          {text.slice(0, shownMost)}
        </Code>
      </Stack>
    </Card>
  )
}
