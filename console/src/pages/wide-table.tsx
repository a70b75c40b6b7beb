// A table that is wider than a small screen: it scrolls sideways by itself, by keyboard too.

import { Table } from '@mantine/core'
import type { ReactNode } from 'react'

export function WideTable({ label, minWidth, children }: { label: string; minWidth: number; children: ReactNode }) {
  return (
    <Table.ScrollContainer type="native" minWidth={minWidth} tabIndex={0} role="region" aria-label={label}>
      {children}
    </Table.ScrollContainer>
  )
}
