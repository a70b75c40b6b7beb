// Products and their keys: made, shown once, limited, how much of the limit is used, ended by time, revoked.

import { Alert, Badge, Button, Card, Code, Group, Stack, Table, Text, VisuallyHidden } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { CubeIcon, EyeOpenIcon, LockClosedIcon, PlusIcon } from '@radix-ui/react-icons'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useSearchParams } from 'react-router'
import { type Key, keysQuestion, usageQuestion } from '../questions.ts'
import { useLooking } from '../shell.tsx'
import { Empty, Stale, Unanswered } from '../states.tsx'
import { useNow } from '../use-now.ts'
import { useSpeech } from '../words/language.tsx'
import { OpenedUsage, ShortUsage } from './key-usage.tsx'
import { Moment } from './moment.tsx'
import { NewKey } from './new-key.tsx'
import { NewProduct } from './new-product.tsx'
import { NoProducts } from './no-products.tsx'
import { PageHead } from './page-head.tsx'
import { Revoking } from './revoking.tsx'
import { Mark } from './verdict.tsx'
import { WideTable } from './wide-table.tsx'

export default function Keys() {
  const { product } = useLooking()
  return product === null ? <NoProducts /> : <KeysOf product={product} />
}

function KeysOf({ product }: { product: string }) {
  const { words } = useSpeech()
  const { role } = useLooking()
  const keys = useQuery(keysQuestion(product))
  const [makingKey, key] = useDisclosure()
  const [makingProduct, making] = useDisclosure()
  const [revoking, setRevoking] = useState<Key | null>(null)
  // In the address, so that it can be sent to somebody.
  const [params, setParams] = useSearchParams()
  const openedId = params.get('usage')
  const [withEnded, ended] = useDisclosure()
  const all = (keys.data ?? []).toReversed()
  const active = all.filter(({ state }) => state === 'active')
  const shown = withEnded ? all : active
  const isAdmin = role === 'admin'

  return (
    <>
      <PageHead title={words.pages.keys} lead={words.keys.lead} badge={<Badge variant="light">{product}</Badge>}>
        {isAdmin && (
          <>
            <Button variant="default" leftSection={<CubeIcon />} onClick={making.open}>
              {words.keys.newProduct}
            </Button>
            <Button leftSection={<PlusIcon />} onClick={key.open}>
              {words.keys.newKey}
            </Button>
          </>
        )}
      </PageHead>
      <Stack>
        <Stale of={[keys]} />
        {!isAdmin && (
          <Alert icon={<EyeOpenIcon />} color="blue" radius="lg">
            {words.keys.readOnly}
          </Alert>
        )}
        {keys.data === undefined ? (
          <Unanswered of={keys} rows={3} />
        ) : shown.length === 0 ? (
          <Empty icon={<LockClosedIcon width={24} height={24} />} title={words.keys.empty} text={words.keys.emptyText}>
            {isAdmin && <Button onClick={key.open}>{words.keys.newKey}</Button>}
          </Empty>
        ) : (
          <KeyTable
            product={product}
            keys={shown}
            open={one => setParams({ usage: one.id })}
            revoke={isAdmin ? setRevoking : null}
          />
        )}
        {all.length > active.length && (
          <Button
            variant="subtle"
            size="xs"
            onClick={ended.toggle}
            aria-expanded={withEnded}
            style={{ alignSelf: 'start' }}
          >
            {withEnded ? words.keys.hideEnded : words.keys.ended(all.length - active.length)}
          </Button>
        )}
      </Stack>
      <OpenedUsage opened={all.find(({ id }) => id === openedId) ?? null} close={() => setParams({})} />
      <NewKey product={product} opened={makingKey} close={key.close} />
      <NewProduct opened={makingProduct} close={making.close} />
      <Revoking
        chosen={revoking}
        others={active.filter(one => one.id !== revoking?.id)}
        close={() => setRevoking(null)}
      />
    </>
  )
}

const colors = { active: 'teal', expired: 'yellow', revoked: 'gray' }

type TableProps = { product: string; keys: Key[]; open: (key: Key) => void; revoke: ((key: Key) => void) | null }

function KeyTable({ product, keys, open, revoke }: TableProps) {
  const { words } = useSpeech()
  const columns = words.keys.columns
  const nowMs = useNow()
  const usage = useQuery(usageQuestion(product))
  return (
    <Card p={0}>
      <WideTable minWidth={960} label={words.pages.keys} fits>
        <Table horizontalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{columns.name}</Table.Th>
              <Table.Th scope="col" className="wide">
                {columns.key}
              </Table.Th>
              <Table.Th scope="col" className="wide">
                {columns.kind}
              </Table.Th>
              <Table.Th scope="col">{words.usage.column}</Table.Th>
              <Table.Th scope="col" className="wide">
                {columns.state}
              </Table.Th>
              <Table.Th scope="col" className="wide">
                {columns.ends}
              </Table.Th>
              <Table.Th scope="col" className="wide">
                {columns.used}
              </Table.Th>
              <Table.Th>
                <VisuallyHidden>{words.usage.open}</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {keys.map(key => (
              <Table.Tr key={key.id}>
                <Table.Th scope="row" fw={500}>
                  <Text size="sm" fw={600} className="name">
                    {key.name}
                  </Text>
                  <Text size="xs" c="dimmed">
                    {key.scopes.map(scope => words.keys.scope[scope]).join(', ')}
                  </Text>
                  <Stack gap={4} mt={6} align="start" className="narrow">
                    <Kind of={key} />
                    {key.state !== 'active' && <State of={key} />}
                    <Text size="xs" c="dimmed" component="span">
                      {key.last_used_at !== null && `${columns.used} `}
                      <Moment time={key.last_used_at} none={words.keys.unused} nowMs={nowMs} />
                    </Text>
                  </Stack>
                </Table.Th>
                <Table.Td className="wide">
                  <Code>{key.prefix}…</Code>
                </Table.Td>
                <Table.Td className="wide">
                  <Kind of={key} />
                </Table.Td>
                <Table.Td>
                  <ShortUsage limit={key.rate_limit} usage={usage.data?.find(({ key_id }) => key_id === key.id)} />
                </Table.Td>
                <Table.Td className="wide">
                  <State of={key} />
                </Table.Td>
                <Table.Td className="wide">
                  <Moment time={key.revoked_at ?? key.expires_at} none={words.keys.never} nowMs={nowMs} />
                </Table.Td>
                <Table.Td className="wide">
                  <Moment time={key.last_used_at} none={words.keys.unused} nowMs={nowMs} />
                </Table.Td>
                <Table.Td className="end">
                  <Group gap={4} justify="flex-end" className="acts">
                    <Button
                      size="xs"
                      variant="subtle"
                      aria-label={`${words.usage.open}: ${key.name}`}
                      onClick={() => open(key)}
                    >
                      {words.usage.open}
                    </Button>
                    {revoke !== null && key.state === 'active' && (
                      <Button
                        size="xs"
                        variant="subtle"
                        color="red"
                        aria-label={`${words.keys.revoke}: ${key.name}`}
                        onClick={() => revoke(key)}
                      >
                        {words.keys.revoke}
                      </Button>
                    )}
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </WideTable>
    </Card>
  )
}

function Kind({ of: { mode } }: { of: Key }) {
  const { words } = useSpeech()
  return (
    <Badge variant={mode === 'live' ? 'outline' : 'dot'} color={mode === 'live' ? 'teal' : 'blue'} tt="none">
      {words.mode[mode]}
    </Badge>
  )
}

function State({ of: { state } }: { of: Key }) {
  const { words } = useSpeech()
  return <Mark color={colors[state]}>{words.keys.states[state]}</Mark>
}
