// The request that is composed, as a program would send it. The key is not in it.

import { Card, Code, Group, ScrollArea, SegmentedControl, Stack, Text, Title } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { type SnippetLanguage, snippetLanguages, textSnippetOf } from '../snippets.ts'
import { type Draft, pathOf } from '../tries.ts'
import { useTryWords } from '../words/try-it.ts'
import { CopyIconButton } from './copy-icon-button.tsx'

const shownMost = 20_000

export function TryCode({ draft, address }: { draft: Draft; address: string }) {
  const told = useTryWords()
  const [language, choose] = useLocalStorage<SnippetLanguage>({ key: 'datapulse-snippets', defaultValue: 'curl' })
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
        <Group justify="space-between" wrap="nowrap">
          <ScrollArea type="never">
            <SegmentedControl
              size="xs"
              aria-label={told.code}
              data={[...snippetLanguages]}
              value={language}
              onChange={chosen => choose(chosen as SnippetLanguage)}
            />
          </ScrollArea>
          <CopyIconButton text={text} />
        </Group>
        <Code block tabIndex={0} className="body" data-testid="code">
          {text.slice(0, shownMost)}
        </Code>
      </Stack>
    </Card>
  )
}
