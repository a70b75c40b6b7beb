// The heading of a page: what it is, a sentence about it, and what can be done there.

import { Group, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'

export function PageHead({
  title,
  lead,
  badge,
  children,
}: {
  title: string
  lead?: string
  badge?: ReactNode
  children?: ReactNode
}) {
  return (
    <Group justify="space-between" align="flex-end" gap="md" mb="lg">
      <div>
        <Group gap="sm">
          <Title order={1} size="h2">
            {title}
          </Title>
          {badge}
        </Group>
        {lead !== undefined && (
          <Text c="dimmed" size="sm" mt={4} maw={720}>
            {lead}
          </Text>
        )}
      </div>
      {children !== undefined && <Group gap="sm">{children}</Group>}
    </Group>
  )
}
