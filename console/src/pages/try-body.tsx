// The body as text, which is what is sent: whatever it is.

import { Button, Group, Stack, Text, Textarea } from '@mantine/core'
import type { Violation } from '../rejections.ts'
import { useViolations } from '../use-violations.ts'
import { useSpeech } from '../words/language.tsx'
import { useTryWords } from '../words/try-it.ts'
import { CopyIconButton } from './copy-icon-button.tsx'

export const bodyId = 'try-body'

export function TryBody({
  text,
  violations,
  layOut,
  change,
}: {
  text: string
  violations: Violation[]
  layOut: (() => void) | null
  change: (text: string) => void
}) {
  const { tell } = useSpeech()
  const told = useTryWords()
  const tellWrong = useViolations()
  const ofWhole = violations.filter(({ field }) => field === '$')
  return (
    <Stack gap="xs">
      <Textarea
        id={bodyId}
        label={told.body}
        description={told.bodyHint}
        value={text}
        onChange={event => change(event.currentTarget.value)}
        error={ofWhole.length === 0 ? null : tellWrong(ofWhole[0]!).told}
        autosize
        minRows={16}
        maxRows={34}
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13, lineHeight: 1.55 } }}
      />
      <Group justify="space-between">
        <Text size="sm" role="status" c={violations.length === 0 ? 'teal' : 'dimmed'}>
          {violations.length === 0 ? told.fits : told.wrongCount(tell.number(violations.length))}
        </Text>
        <Group gap="xs">
          <Button size="xs" variant="default" disabled={layOut === null} onClick={() => layOut?.()}>
            {told.layOut}
          </Button>
          <CopyIconButton text={text} />
        </Group>
      </Group>
    </Stack>
  )
}
