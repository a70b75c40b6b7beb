// What the admin API said no with, in the reader's language; its own sentence below, where that tells more.

import { inert } from '../sent-body.ts'
import { useSpeech } from '../words/language.tsx'
import { refusalInChinese, refusalInEnglish, type Refused } from '../words/refusals.ts'
import { WithOriginal } from './with-original.tsx'

export function Refusal({ refused }: { refused: Refused }) {
  const { language, tell } = useSpeech()
  if (language === 'en') return <bdi>{inert(refusalInEnglish(refused))}</bdi>
  const { text, exact } = refusalInChinese(refused, tell)
  if (exact) return <bdi>{inert(text)}</bdi>
  const original = [refused.message, ...refused.problems.map(({ message }) => message)].join(' ')
  return <WithOriginal told={<bdi>{inert(text)}</bdi>} original={inert(original)} />
}
