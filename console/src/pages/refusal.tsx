// What the admin API said no with, in the reader's language; its own sentence below, where that tells more.

import { Text } from '@mantine/core'
import { inert } from '../sent-body.ts'
import { useSpeech } from '../words/language.tsx'
import { refusalInChinese, refusalInEnglish, type Refused } from '../words/refusals.ts'

export function Refusal({ refused }: { refused: Refused }) {
  const { language, tell } = useSpeech()
  if (language === 'en') return <bdi>{inert(refusalInEnglish(refused))}</bdi>
  const { text, exact } = refusalInChinese(refused, tell)
  if (exact) return <bdi>{inert(text)}</bdi>
  return (
    <>
      <bdi>{inert(text)}</bdi>
      <Text component="span" display="block" size="xs" c="dimmed" mt={2}>
        <bdi lang="en">{inert([refused.message, ...refused.problems.map(({ message }) => message)].join(' '))}</bdi>
      </Text>
    </>
  )
}
