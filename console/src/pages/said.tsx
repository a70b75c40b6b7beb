// What was wrong, in the reader's language. The API's own sentence, which stands in the partner's log, is told beside it where
// there is room, else when one points at it.

import { Text } from '@mantine/core'
import { useViolations } from '../use-violations.ts'
import { useRejectedWords } from '../words/rejected.ts'
import type { Said as Told } from '../words/violations.ts'

export function Said({ rule, message, isWhole = false }: Told & { isWhole?: boolean }) {
  const words = useRejectedWords()
  const { told, answered } = useViolations()({ rule, message })
  if (answered === null) return <bdi>{told}</bdi>
  if (!isWhole) return <bdi title={answered}>{told}</bdi>
  return (
    <>
      <bdi>{told}</bdi>
      <Text component="span" display="block" size="xs" c="dimmed" mt={2}>
        {words.answered}
        <bdi lang="en">{answered}</bdi>
      </Text>
    </>
  )
}
