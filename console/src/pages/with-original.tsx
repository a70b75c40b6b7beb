// What the API said, in the reader's language, and below it its own sentence.

import { Text } from '@mantine/core'
import type { ReactNode } from 'react'

/** `before`: what leads to the original. */
export function WithOriginal({ told, before, original }: { told: ReactNode; before?: string; original: string }) {
  return (
    <>
      {told}
      <Text component="span" display="block" size="xs" c="dimmed" mt={2}>
        {before}
        <bdi lang="en">{original}</bdi>
      </Text>
    </>
  )
}
