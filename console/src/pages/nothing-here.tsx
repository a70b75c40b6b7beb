// Where what was asked for has nothing in it, and more would be found without the filters.

import { Button } from '@mantine/core'
import { CheckCircledIcon } from '@radix-ui/react-icons'
import { Empty } from '../states.tsx'
import { useRejectedWords } from '../words/rejected.ts'

export function NothingHere({ showAll }: { showAll: () => void }) {
  const told = useRejectedWords()
  return (
    <Empty icon={<CheckCircledIcon width={26} height={26} />} title={told.nothingHere} text={told.nothingHereText}>
      <Button variant="default" onClick={showAll}>
        {told.showAll}
      </Button>
    </Empty>
  )
}
