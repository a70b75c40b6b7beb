// A part of a page with a heading and a sentence, and figures within one: each with its name.

import { Card, Group, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'

export function Section({
  title,
  hint,
  side,
  children,
}: {
  title: string
  hint?: string
  side?: ReactNode
  children: ReactNode
}) {
  return (
    <Card>
      <Group justify="space-between" align="flex-start" mb="sm" gap="sm">
        <div style={{ flex: '1 1 260px' }}>
          <Title order={2} size="h4">
            {title}
          </Title>
          {hint !== undefined && (
            <Text size="sm" c="dimmed" maw={720}>
              {hint}
            </Text>
          )}
        </div>
        {side}
      </Group>
      {children}
    </Card>
  )
}

/** What is null is not shown. */
export function Figures({ of }: { of: ([name: string, value: ReactNode] | null)[] }) {
  return (
    <dl className="figures">
      {of
        .filter(figure => figure !== null)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}
