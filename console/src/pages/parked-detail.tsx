// What the pipeline says of a thing that it parked, in the reader's language; what it wrote beside it, where that tells more.

import { inert } from '../sent-body.ts'
import { useSpeech } from '../words/language.tsx'
import { parkedInChinese } from '../words/parked-details.ts'
import { useRejectedWords } from '../words/rejected.ts'
import { WithOriginal } from './with-original.tsx'

/** `reason`: null where it stands there already. */
export function ParkedDetail({ reason, detail }: { reason: string | null; detail: string }) {
  const { language, tell } = useSpeech()
  const words = useRejectedWords()
  const text = language === 'en' ? detail : parkedInChinese(detail, tell)
  if (text !== null) return <bdi>{inert(text)}</bdi>
  return <WithOriginal told={reason !== null && (words.reasons[reason] ?? reason)} original={inert(detail)} />
}
