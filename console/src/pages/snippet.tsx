// A request that is right, to copy, in the language that was chosen last.

import { Code, Group, ScrollArea, SegmentedControl, Stack, Text } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { useState } from 'react'
import { exampleOf, type SnippetLanguage, snippetLanguages, snippetOf } from '../snippets.ts'
import { useApiAddress } from '../use-api-address.ts'
import { useSpeech } from '../words/language.tsx'
import { CopyIconButton } from './copy-icon-button.tsx'

export function Snippet({ eventName }: { eventName: string }) {
  const { words } = useSpeech()
  const [language, choose] = useLocalStorage<SnippetLanguage>({ key: 'datapulse-snippets', defaultValue: 'curl' })
  const [nowMs] = useState(Date.now)
  const text = snippetOf(language, useApiAddress(), exampleOf(eventName, nowMs))
  return (
    <Stack gap="xs">
      <div>
        <Text fw={600} size="sm">
          {words.help.fix}
        </Text>
        <Text size="xs" c="dimmed">
          {words.help.fixHint}
        </Text>
      </div>
      <Group justify="space-between" wrap="nowrap">
        <ScrollArea type="never">
          <SegmentedControl
            size="xs"
            aria-label={words.help.fix}
            data={[...snippetLanguages]}
            value={language}
            onChange={chosen => choose(chosen as SnippetLanguage)}
          />
        </ScrollArea>
        <CopyIconButton text={text} />
      </Group>
      <Code block tabIndex={0}>
        {text}
      </Code>
    </Stack>
  )
}
