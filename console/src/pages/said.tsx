// What was wrong, in the reader's language. The API's own sentence, which stands in the partner's log, is told beside it where
// there is room, else when one points at it.

import { useViolations } from '../use-violations.ts'
import { useRejectedWords } from '../words/rejected.ts'
import type { Said as Told } from '../words/violations.ts'
import { WithOriginal } from './with-original.tsx'

export function Said({ rule, message, isWhole = false }: Told & { isWhole?: boolean }) {
  const words = useRejectedWords()
  const { told, answered } = useViolations()({ rule, message })
  if (answered === null) return <bdi>{told}</bdi>
  if (!isWhole) return <bdi title={answered}>{told}</bdi>
  return <WithOriginal told={<bdi>{told}</bdi>} before={words.answered} original={answered} />
}
