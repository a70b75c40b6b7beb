// One rejected request, or one thing that is parked: what was wrong beside what was sent, and what sends it again.

import { Alert, Badge, Card, Grid, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Failure } from '../api.ts'
import type { Mode } from '../questions.ts'
import { openParkedQuestion, rejectedPosition, rejectionQuestion, type Target, type Violation } from '../rejections.ts'
import { eventsIn, inert, keysOf, likelyMapping } from '../sent-body.ts'
import { Loading, Stale, Unavailable } from '../states.tsx'
import { useSpeech } from '../words/language.tsx'
import { useRejectedWords } from '../words/rejected.ts'
import { BodyShown } from './body-shown.tsx'
import { Mending } from './mending.tsx'
import { ParkedDetail } from './parked-detail.tsx'
import { Said } from './said.tsx'

export function RejectedOne({ request }: { request: string }) {
  const { words, tell } = useSpeech()
  const told = useRejectedWords()
  const asked = useQuery(rejectionQuestion(request))
  if (asked.data === undefined)
    return asked.isPending ? <Loading /> : <Gone error={asked.error} retry={() => void asked.refetch()} />
  const { violations, violations_total: total, message, exact, raw, product, mode, ...one } = asked.data
  return (
    <Stack>
      <Stale of={[asked]} />
      <Facts
        facts={{
          mode: words.mode[mode],
          received: tell.moment(one.received_at),
          key: one.key_id,
          address: one.address,
          code: one.code,
          size: tell.number(one.bytes),
        }}
      />
      <Beside
        title={told.violations}
        raw={raw}
        violations={violations}
        left={
          violations.length === 0 ? (
            <Text size="sm">
              <Said rule={null} message={message} isWhole />
            </Text>
          ) : (
            <Violations violations={violations} total={total} />
          )
        }
      />
      {exact ? (
        <Sendable raw={raw} violations={violations} product={product} mode={mode} request={request} />
      ) : (
        <Alert color="yellow">{told.notExact}</Alert>
      )}
    </Stack>
  )
}

export function ParkedOne({ product, request, position }: { product: string } & Target) {
  const { words, tell } = useSpeech()
  const told = useRejectedWords()
  const asked = useQuery(openParkedQuestion(product, request, position))
  if (asked.data === undefined)
    return asked.isPending ? <Loading /> : <Gone error={asked.error} retry={() => void asked.refetch()} />
  const { mode, reason, detail, received_at: received, key_id: key, raw } = asked.data
  const isKept = raw !== null && raw !== undefined && raw !== ''
  return (
    <Stack>
      <Stale of={[asked]} />
      <Facts facts={{ mode: words.mode[mode], received: tell.moment(received), key, code: reason }} />
      <Beside
        title={told.columns.cause}
        raw={raw ?? ''}
        violations={[]}
        left={
          <>
            <Text fw={600} size="sm">
              {told.reasons[reason] ?? reason}
            </Text>
            <Text size="sm" mt="xs">
              <ParkedDetail reason={null} detail={detail ?? ''} />
            </Text>
          </>
        }
      />
      {isKept ? (
        <Sendable raw={raw} violations={[]} product={product} mode={mode} request={request} position={position} />
      ) : (
        <Alert color="yellow">{told.noBody}</Alert>
      )}
    </Stack>
  )
}

function Sendable(sent: {
  raw: string
  violations: Violation[]
  product: string
  mode: Mode
  request: string
  position?: number
}) {
  const told = useRejectedWords()
  const { raw, violations, product, mode, request, position = rejectedPosition } = sent
  const events = eventsIn(raw) ?? []
  return (
    <Mending
      title={told.fix}
      product={product}
      mode={mode}
      targets={[{ request, position }]}
      likely={likelyMapping(events, violations)}
      keys={keysOf(events)}
    />
  )
}

function Beside(shown: { title: string; left: React.ReactNode; raw: string; violations: Violation[] }) {
  const { title, left, raw, violations } = shown
  return (
    <Grid>
      <Grid.Col span={{ base: 12, md: 5 }}>
        <Card h="100%">
          <Title order={2} size="h4" mb="sm">
            {title}
          </Title>
          {left}
        </Card>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 7 }}>
        <Card h="100%">
          <BodyShown raw={raw} violations={violations} />
        </Card>
      </Grid.Col>
    </Grid>
  )
}

function Violations({ violations, total }: { violations: Violation[]; total: number }) {
  const { tell } = useSpeech()
  const told = useRejectedWords()
  return (
    <Stack gap="sm" component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
      {violations.map(({ index, field, rule, message }, nth) => (
        <li key={nth}>
          <Badge variant="light" color="red" mr="xs">
            {inert(rule)}
          </Badge>
          <Text span ff="monospace" fw={600} size="sm" className="sent">
            {inert(field)}
          </Text>
          {index !== undefined && (
            <Text span size="xs" c="dimmed" ml="xs">
              {told.event(tell.number(index))}
            </Text>
          )}
          <Text size="sm" className="sent">
            <Said rule={rule} message={message} isWhole />
          </Text>
        </li>
      ))}
      {total > violations.length && <li>{told.more(tell.number(total - violations.length))}</li>}
    </Stack>
  )
}

type Fact = keyof ReturnType<typeof useRejectedWords>['facts']

function Facts({ facts }: { facts: Partial<Record<Fact, string | null>> }) {
  const told = useRejectedWords()
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="sm" component="dl" m={0}>
      {Object.entries(facts).map(([name, value]) => (
        <div key={name}>
          <Text component="dt" size="xs" c="dimmed">
            {told.facts[name as Fact]}
          </Text>
          <Text component="dd" m={0} size="sm" fw={600} className="sent">
            {value === null ? '–' : inert(value)}
          </Text>
        </div>
      ))}
    </SimpleGrid>
  )
}

/** What is not kept any more is no failure of the server. */
function Gone({ error, retry }: { error: Error | null; retry: () => void }) {
  const told = useRejectedWords()
  if (error instanceof Failure && error.status === 404)
    return (
      <Alert color="gray" title={told.nothingHere}>
        {told.nothingHereText}
      </Alert>
    )
  return <Unavailable error={error} retry={retry} />
}
