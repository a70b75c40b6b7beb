// Turns the pages of a list: on to what is older, and back to the newest. The browser's own way back goes to the page before.

import { Button, Group } from '@mantine/core'
import { useAddress } from '../rejected-address.ts'
import { useRejectedWords } from '../words/rejected.ts'

export function Turning({ next }: { next: string | null }) {
  const told = useRejectedWords()
  const { at, go } = useAddress()
  if (next === null && at.after === null) return null
  return (
    <Group>
      <Button variant="default" size="xs" disabled={at.after === null} onClick={() => go({ after: null })}>
        {told.newest}
      </Button>
      <Button variant="default" size="xs" disabled={next === null} onClick={() => go({ after: next })}>
        {told.older}
      </Button>
    </Group>
  )
}
