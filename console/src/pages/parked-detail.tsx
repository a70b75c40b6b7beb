// What the pipeline says of a thing that it parked, in the reader's language; what it wrote beside it, where that tells more.

import { Text } from '@mantine/core'
import { inert } from '../sent-body.ts'
import { useSpeech } from '../words/language.tsx'
import { parkedInChinese } from '../words/parked-details.ts'
import { useRejectedWords } from '../words/rejected.ts'

/** `reason`: null where it stands there already. */
export function ParkedDetail({ reason, detail }: { reason: string | null; detail: string }) {
  const { language, tell } = useSpeech()
  const words = useRejectedWords()
  const text = language === 'en' ? detail : parkedInChinese(detail, tell)
  if (text !== null) return <bdi>{inert(text)}</bdi>
  return (
    <>
      {reason !== null && (words.reasons[reason] ?? reason)}
      <Text component="span" display="block" size="xs" c="dimmed" mt={2}>
        <bdi lang="en">{inert(detail)}</bdi>
      </Text>
    </>
  )
}
