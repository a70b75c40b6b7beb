// How long the raw log and the events of each product are kept. Admins change the latter, after they are told what will be
// deleted.

import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { EyeOpenIcon } from '@radix-ui/react-icons'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { configuredLength, configuredSize } from '../configured.ts'
import { type Product, productsQuestion } from '../questions.ts'
import { useLooking } from '../shell.tsx'
import { Unanswered } from '../states.tsx'
import type { System } from '../system-questions.ts'
import { useSpeech } from '../words/language.tsx'
import { keptFor, useSystemWords } from '../words/system.ts'
import { ChangingRetention } from './changing-retention.tsx'
import { CopyIconButton } from './copy-icon-button.tsx'
import { Section } from './section.tsx'

const shownMax = 8

export function Retention({ settings, isAdmin }: { settings: System['settings']; isAdmin: boolean }) {
  const { tell } = useSpeech()
  const told = useSystemWords()
  const { product: chosen } = useLooking()
  const products = useQuery(productsQuestion)
  const [changed, setChanged] = useState<Product | null>(null)
  const [all, showAll] = useDisclosure()
  const ordered = (products.data ?? []).toSorted((a, b) => Number(b.id === chosen) - Number(a.id === chosen))
  const shown = all ? ordered : ordered.slice(0, shownMax)
  const raw = told.retentionOf(tell.length(settings.log_retention_ms), tell.size(settings.log_retention_bytes))
  const variables = [
    `DATAPULSE_LOG_RETENTION=${configuredLength(settings.log_retention_ms)}`,
    `DATAPULSE_LOG_RETENTION_BYTES=${configuredSize(settings.log_retention_bytes)}`,
  ].join('\n')
  return (
    <Section title={told.keeping} hint={told.keepingHint}>
      <Stack gap="sm">
        {!isAdmin && (
          <Alert icon={<EyeOpenIcon />} color="blue" radius="lg">
            {told.readOnly}
          </Alert>
        )}
        <Kept name={told.rawLog} value={raw} hint={told.rawLogHint} />
        <Group align="flex-start" wrap="nowrap" gap="xs">
          <Code block flex={1} miw={0} tabIndex={0} className="body" aria-label={told.rawLogSettings}>
            {variables}
          </Code>
          <CopyIconButton text={variables} />
        </Group>
        {products.data === undefined ? (
          <Unanswered of={products} rows={2} />
        ) : (
          shown.map(product => (
            <Kept key={product.id} name={told.eventsOf(product.id)} value={keptFor(product.retention_days, told, tell)}>
              {isAdmin && (
                <Button
                  size="xs"
                  variant="default"
                  aria-label={`${told.change}: ${product.id}`}
                  onClick={() => setChanged(product)}
                >
                  {told.change}
                </Button>
              )}
            </Kept>
          ))
        )}
        {ordered.length > shown.length && (
          <Button variant="subtle" size="xs" onClick={showAll.open} style={{ alignSelf: 'start' }}>
            {told.showAll(tell.number(ordered.length))}
          </Button>
        )}
      </Stack>
      {changed !== null && <ChangingRetention product={changed} close={() => setChanged(null)} />}
    </Section>
  )
}

function Kept({ name, value, hint, children }: { name: string; value: string; hint?: string; children?: ReactNode }) {
  return (
    <div className="kept">
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={600} className="sent">
          {name}
        </Text>
        <Group gap="sm" wrap="nowrap">
          <Text size="sm">{value}</Text>
          {children}
        </Group>
      </Group>
      {hint !== undefined && (
        <Text size="xs" c="dimmed" className="sent" maw={720}>
          {hint}
        </Text>
      )}
    </div>
  )
}
