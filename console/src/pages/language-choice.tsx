// In which language code is shown, with a button that copies it. What was chosen is remembered, for all pages that show code.

import { Group, ScrollArea, SegmentedControl } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { type SnippetLanguage, snippetLanguages } from '../snippets.ts'
import { CopyIconButton } from './copy-icon-button.tsx'

export function useSnippetLanguage() {
  return useLocalStorage<SnippetLanguage>({ key: 'datapulse-snippets', defaultValue: 'curl' })
}

type Choice = { label: string; language: SnippetLanguage; choose: (language: SnippetLanguage) => void; text: string }

/** `text` is what is copied. */
export function LanguageChoice({ label, language, choose, text }: Choice) {
  return (
    <Group justify="space-between" wrap="nowrap">
      <ScrollArea type="never">
        <SegmentedControl
          size="xs"
          aria-label={label}
          data={[...snippetLanguages]}
          value={language}
          onChange={chosen => choose(chosen as SnippetLanguage)}
        />
      </ScrollArea>
      <CopyIconButton text={text} />
    </Group>
  )
}
