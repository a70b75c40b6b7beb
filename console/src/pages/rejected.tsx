// What was refused for what is in it, and what could not be processed: by cause, then the requests of one, then one of them with
// its body, and what is needed to send it again. What is looked at stands in the address.

import { Anchor, Breadcrumbs, Group, SegmentedControl, Stack, Text } from '@mantine/core'
import { Link } from 'react-router'
import { useAddress } from '../rejected-address.ts'
import { inert } from '../sent-body.ts'
import { useLooking } from '../shell.tsx'
import { useSpeech } from '../words/language.tsx'
import { useRejectedWords } from '../words/rejected.ts'
import { NoProducts } from './no-products.tsx'
import { PageHead } from './page-head.tsx'
import { ParkedGroups, ParkedList } from './parked-lists.tsx'
import { RejectedGroups, RejectedList } from './rejected-lists.tsx'
import { ParkedOne, RejectedOne } from './rejected-one.tsx'
import { ModeChoice, TimeChoice } from './scope-choices.tsx'

export default function Rejected() {
  const { product } = useLooking()
  return product === null ? <NoProducts /> : <RejectedOf product={product} />
}

function RejectedOf({ product }: { product: string }) {
  const { words } = useSpeech()
  const told = useRejectedWords()
  const { at, go } = useAddress()
  const fresh = { code: null, reason: null, rule: null, field: null, request: null, position: null, after: null }
  return (
    <>
      <PageHead title={words.pages.rejected} lead={told.lead}>
        <TimeChoice
          time={at.time}
          choose={time => go({ time: time ?? '7d', after: null })}
          more={[{ value: 'all', label: told.allTime }]}
          width={170}
        />
        <ModeChoice mode={at.mode} choose={mode => go({ ...fresh, mode })} />
      </PageHead>
      <Stack>
        <Group justify="space-between">
          <SegmentedControl
            aria-label={told.kinds.title}
            data={[
              { value: 'rejected', label: told.kinds.rejected },
              { value: 'parked', label: told.kinds.parked },
            ]}
            value={at.kind}
            onChange={kind => go({ ...fresh, kind: kind === 'parked' ? 'parked' : 'rejected' })}
          />
        </Group>
        <Way />
        <Shown product={product} />
      </Stack>
    </>
  )
}

function Shown({ product }: { product: string }) {
  const { at } = useAddress()
  const isParked = at.kind === 'parked'
  if (at.request !== null) {
    const position = Number(at.position ?? -1)
    return isParked ? (
      <ParkedOne key={`${at.request} ${position}`} product={product} request={at.request} position={position} />
    ) : (
      <RejectedOne key={at.request} request={at.request} />
    )
  }
  if (isParked) return at.reason === null ? <ParkedGroups product={product} /> : <ParkedList product={product} />
  return at.code === null ? <RejectedGroups product={product} /> : <RejectedList product={product} />
}

/** The way back, from what is open. */
function Way() {
  const told = useRejectedWords()
  const { at, to } = useAddress()
  const cause = at.kind === 'parked' ? at.reason : at.code
  if (cause === null && at.request === null) return null
  const none = { request: null, position: null, after: null }
  const named = at.kind === 'parked' ? (told.reasons[cause ?? ''] ?? cause) : causeOf(at.code, at.rule, at.field)
  const isOpen = at.request !== null
  return (
    <Breadcrumbs separatorMargin={6} style={{ flexWrap: 'wrap' }}>
      <Anchor component={Link} to={to({ ...none, code: null, reason: null, rule: null, field: null })} size="sm">
        {told.back.causes}
      </Anchor>
      {cause !== null &&
        (isOpen ? (
          <Anchor component={Link} to={to({ request: null, position: null })} size="sm">
            {inert(named ?? '')}
          </Anchor>
        ) : (
          <Text size="sm" fw={600}>
            {inert(named ?? '')}
          </Text>
        ))}
      {isOpen && (
        <Text size="sm" ff="monospace" style={{ overflowWrap: 'anywhere', whiteSpace: 'normal' }}>
          {inert(at.request ?? '')}
        </Text>
      )}
    </Breadcrumbs>
  )
}

function causeOf(code: string | null, rule: string | null, field: string | null): string {
  if (rule === null) return code ?? ''
  return field === null || field === '$' ? rule : `${field} · ${rule}`
}
