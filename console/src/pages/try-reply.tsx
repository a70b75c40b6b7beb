// What came back: what it means, what is wrong with a way to each field, what is worth a look, what became of it, and the
// reply and the request to the letter.

import { Alert, Badge, Card, Code, Group, Stack, Table, Tabs, Text, Title } from '@mantine/core'
import { PaperPlaneIcon } from '@radix-ui/react-icons'
import { Failure } from '../api.ts'
import { inert, parseExactly } from '../sent-body.ts'
import { Empty, Why } from '../states.tsx'
import { pathOf, requestIn, type Tried, type Try, violationsIn } from '../tries.ts'
import { useSpeech } from '../words/language.tsx'
import { useTryWords } from '../words/try-it.ts'
import { CopyIconButton } from './copy-icon-button.tsx'
import { TryBecame } from './try-became.tsx'
import { type Mending, TryFindings } from './try-findings.tsx'

const shownMost = 100_000
const statusNames: Record<number, string> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
}
const headersThatMatter = [
  'x-request-id',
  'x-ingest-mode',
  'retry-after',
  'ratelimit',
  'ratelimit-policy',
  'content-type',
]

export function TryReply({ of: shown, address, ...mending }: { of: Try | undefined; address: string } & Mending) {
  const told = useTryWords()
  if (shown === undefined)
    return (
      <Empty icon={<PaperPlaneIcon width={24} height={24} />} title={told.nothingSent} text={told.nothingSentText} />
    )
  return (
    <Card data-testid="reply">
      <Stack>
        <Head of={shown} />
        {'failure' in shown ? (
          <Failed error={shown.failure} isDry={shown.draft.isDry} />
        ) : (
          <>
            <Meaning tried={shown.tried} isDry={shown.draft.isDry} />
            <TryFindings key={shown.id} of={shown.draft} body={shown.tried.reply.body} {...mending} />
            <Followed tried={shown.tried} of={shown} />
            <Parts key={`parts ${shown.id}`} tried={shown.tried} of={shown} address={address} />
          </>
        )}
      </Stack>
    </Card>
  )
}

function Head({ of: shown }: { of: Try }) {
  const { tell } = useSpeech()
  const told = useTryWords()
  const status = 'tried' in shown ? shown.tried.reply.status : null
  return (
    <Group justify="space-between" role="status">
      <Group gap="sm">
        <Title order={2} size="h4">
          {told.reply}
        </Title>
        <Badge size="lg" variant="light" color={status === null ? 'red' : colorOf(status)}>
          {status === null ? told.failed : [status, statusNames[status]].filter(Boolean).join(' ')}
        </Badge>
        <Badge size="lg" variant="outline" color="gray">
          {shown.draft.isDry ? told.dry : told.real}
        </Badge>
      </Group>
      <Text size="sm" c="dimmed">
        {told.at(tell.exactClock(shown.atMs))}
        {'tried' in shown && ` · ${told.took(tell.length(shown.tried.took_ms))}`}
      </Text>
    </Group>
  )
}

function Meaning({ tried: { reply }, isDry }: { tried: Tried; isDry: boolean }) {
  const { tell } = useSpeech()
  const { said } = useTryWords()
  const { total } = violationsIn(reply.body)
  const count = tell.number(total)
  if (reply.status === 200 && total > 0) return <Text size="sm">{said.partly(count)}</Text>
  if (reply.status === 200) return <Text size="sm">{isDry ? said.dry : said.accepted}</Text>
  if (total > 0) return <Text size="sm">{said.refused(count)}</Text>
  return <Text size="sm">{said[reply.status] ?? (reply.status >= 500 ? said[500] : said[400])}</Text>
}

function Failed({ error, isDry }: { error: Error; isDry: boolean }) {
  const told = useTryWords()
  const code = error instanceof Failure ? error.code : ''
  const sentences: Record<string, string> = {
    API_AWAY: told.away,
    API_SILENT: isDry ? told.silentDry : told.silent,
    TOO_MANY_TRIES: told.tooMany,
  }
  return (
    <Alert color="red" role="alert">
      {sentences[code] ?? <Why error={error} />}
    </Alert>
  )
}

function Followed({ tried, of: { draft } }: { tried: Tried; of: Try }) {
  const request = requestIn(tried, draft)
  if (request === null || tried.key === null) return null
  return <TryBecame request={request} product={tried.key.product} mode={tried.key.mode} />
}

function Parts({ tried, of: shown, address }: { tried: Tried; of: Try; address: string }) {
  const told = useTryWords()
  const { body, headers, is_cut: isCut } = tried.reply
  const laidOut = laidOutOf(body)
  const request = requestText(shown, address)
  return (
    <Tabs defaultValue="body">
      <Tabs.List aria-label={told.tabs.title}>
        <Tabs.Tab value="body">{told.tabs.body}</Tabs.Tab>
        <Tabs.Tab value="headers">{told.tabs.headers}</Tabs.Tab>
        <Tabs.Tab value="request">{told.tabs.request}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="body" pt="sm">
        <Block text={laidOut} copied={body} testId="reply-body" />
        {(isCut || laidOut.length > shownMost) && (
          <Text size="xs" c="dimmed">
            {told.cut}
          </Text>
        )}
      </Tabs.Panel>
      <Tabs.Panel value="headers" pt="sm">
        <Headers headers={headers} />
      </Tabs.Panel>
      <Tabs.Panel value="request" pt="sm">
        <Block text={request} copied={request} testId="request" />
      </Tabs.Panel>
    </Tabs>
  )
}

function Block({ text, copied, testId }: { text: string; copied: string; testId: string }) {
  return (
    <Group align="flex-start" wrap="nowrap" gap="xs">
      <Code block tabIndex={0} className="body" flex={1} miw={0} data-testid={testId}>
        {inert(text.slice(0, shownMost))}
      </Code>
      <CopyIconButton text={copied} />
    </Group>
  )
}

function Headers({ headers }: { headers: Record<string, string> }) {
  const rows = [
    ...headersThatMatter.flatMap(name => (headers[name] === undefined ? [] : [[name, headers[name]] as const])),
    ...Object.entries(headers).filter(([name]) => !headersThatMatter.includes(name)),
  ]
  return (
    <Table verticalSpacing={6} layout="fixed">
      <Table.Tbody>
        {rows.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" fw={500} w="36%" ff="monospace">
              {name}
            </Table.Th>
            <Table.Td className="said" ff="monospace">
              {inert(value)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}

function requestText({ draft, keyShown }: Try, address: string): string {
  const { text, idempotencyKey } = draft
  return [
    `POST ${pathOf(draft)} HTTP/1.1`,
    `Host: ${new URL(address).host}`,
    'Content-Type: application/json',
    `Content-Length: ${new TextEncoder().encode(text).length}`,
    ...(keyShown === null ? [] : [`X-API-Key: ${keyShown}`]),
    ...(idempotencyKey === '' ? [] : [`Idempotency-Key: ${idempotencyKey}`]),
    '',
    text,
  ].join('\n')
}

function laidOutOf(body: string): string {
  try {
    return JSON.stringify(parseExactly(body), null, 2)
  } catch {
    return body
  }
}

function colorOf(status: number): string {
  return status === 200 ? 'teal' : status < 500 ? 'yellow' : 'red'
}
