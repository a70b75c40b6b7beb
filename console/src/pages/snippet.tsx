// What to change in a sender's code, to copy, in the language that was chosen last; what matters is marked.

import { Code, Mark, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { fixLinesOf } from '../fix-snippets.ts'
import type { Fix } from '../fixes.ts'
import { inert } from '../sent-body.ts'
import { useApiAddress } from '../use-api-address.ts'
import { useSpeech } from '../words/language.tsx'
import { LanguageChoice, useSnippetLanguage } from './language-choice.tsx'

export function Snippet({ fix }: { fix: Fix }) {
  const { words, tell } = useSpeech()
  const [language, choose] = useSnippetLanguage()
  const lines = fixLinesOf(language, useApiAddress(), fix)
  const said = words.fixes
  const note = said.notes[fix.note]({
    field: fix.marks[0] ?? '',
    event: String(fix.event['event_name']),
    key: fix.key === null ? '' : `${fix.key.name} (${fix.key.prefix}…)`,
    limit: fix.again?.limit == null ? '' : tell.number(fix.again.limit),
  })
  return (
    <Stack gap="xs" data-testid="fix">
      <div>
        <Text fw={600} size="sm">
          {said.title}
        </Text>
        <Text size="sm">{note}</Text>
        {fix.changes.map(({ field, sent, right }) => (
          <Code key={`${field} ${sent}`} block mt={4}>
            <del>{inert(sent ?? '')}</del> → <ins>{right}</ins>
          </Code>
        ))}
        <Text size="xs" c="dimmed" mt={4}>
          {said.hint} {fix.key === null ? said.keyHint : said.environmentHint}
        </Text>
      </div>
      <LanguageChoice
        label={said.language}
        language={language}
        choose={choose}
        text={lines.map(({ text }) => text).join('\n')}
      />
      <Code block tabIndex={0}>
        {lines.flatMap(({ text, isMarked }, n) => (isMarked ? markedLine(text, n) : [text, '\n']))}
      </Code>
    </Stack>
  )
}

/** Without what it is indented by. */
function markedLine(text: string, number: number): ReactNode[] {
  const start = text.length - text.trimStart().length
  const mark = (
    <Mark key={number} color="yellow">
      {text.slice(start)}
    </Mark>
  )
  return [text.slice(0, start), mark, '\n']
}
