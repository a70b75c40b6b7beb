// A request that is right, to copy, in the language that was chosen last.

import { Code, Group, ScrollArea, SegmentedControl, Stack, Text } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { standingQuestion } from '../questions.ts'
import { exampleOf, type SnippetLanguage, snippetLanguages, snippetOf } from '../snippets.ts'
import { useSpeech } from '../words/language.tsx'
import { CopyIconButton } from './copy-icon-button.tsx'

export function Snippet({ eventName }: { eventName: string }) {
  const { words } = useSpeech()
  const [language, choose] = useLocalStorage<SnippetLanguage>({ key: 'datapulse-snippets', defaultValue: 'curl' })
  const [nowMs] = useState(Date.now)
  const { data: standing } = useQuery({ ...standingQuestion, refetchInterval: false })
  const text = snippetOf(language, addressOf(standing?.stages['api']), exampleOf(eventName, nowMs))
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

/** As this browser would reach it: what listens everywhere is told by the name that the console was called by. */
function addressOf(api: { host?: string; port?: number } | undefined): string {
  const host = api?.host ?? location.hostname
  const isEverywhere = host === '0.0.0.0' || host === '::'
  const name = isEverywhere ? location.hostname : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${api?.port ?? 8080}`
}
