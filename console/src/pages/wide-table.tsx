// A table that is wider than a small screen: it scrolls sideways by itself, by keyboard too. One that fits has fewer columns there:
// cells of the class `wide` are not shown, and what is in them is told elsewhere in the row (`narrow`), or when it is opened.

import { Table } from '@mantine/core'
import type { ReactNode } from 'react'

type Props = { label: string; minWidth: number; fits?: boolean; children: ReactNode }

export function WideTable({ label, minWidth, fits = false, children }: Props) {
  return (
    <Table.ScrollContainer
      type="native"
      minWidth={minWidth}
      tabIndex={0}
      role="region"
      aria-label={label}
      {...(fits && { className: 'fits' })}
    >
      {children}
    </Table.ScrollContainer>
  )
}
