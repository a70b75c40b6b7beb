// A verdict or a state as a badge: its colour is never all that says it.

import { Badge } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Verdict } from '../questions.ts'

export const verdictColors: Record<Verdict, string> = {
  problem: 'red',
  attention: 'yellow',
  good: 'teal',
  nothing: 'gray',
}

export function Mark({ color, title, children }: { color: string; title?: string; children: ReactNode }) {
  return (
    <Badge
      variant="light"
      color={color}
      size="lg"
      radius="sm"
      tt="none"
      fw={600}
      {...(title !== undefined && { title })}
    >
      {children}
    </Badge>
  )
}
