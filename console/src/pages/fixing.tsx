// What to change in the sender for one check, with what the product has and has sent: its keys by their first characters, and the
// names of the fields in a request that was refused for the commonest mistake.

import { useQueries, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { fixOf } from '../fixes.ts'
import { type Check, type Diagnosis, keysQuestion, type Mode } from '../questions.ts'
import type { Address } from '../rejected-address.ts'
import { rejectionQuestion, rejectionsQuestion } from '../rejections.ts'
import { eventsIn, eventsToShow, keysOf } from '../sent-body.ts'
import { Snippet } from './snippet.tsx'

const openedMax = 3
const eventsMax = 10

type Props = { check: Check; diagnosis: Diagnosis; scope: { product: string; mode: Mode; time: string } }

export function Fixing({ check, diagnosis, scope }: Props) {
  const [nowMs] = useState(Date.now)
  const keys = useQuery(keysQuestion(scope.product))
  const sentNames = useSentNames(check, scope)
  const able = (keys.data ?? [])
    .filter(key => key.state === 'active' && key.mode === scope.mode && key.scopes.includes('ingest'))
    .toReversed()
  const fix = fixOf(check, { diagnosis, keys: able, sentNames, nowMs })
  return fix === null ? null : <Snippet fix={fix} />
}

/** Of the first events of the newest requests that lack what is missing most. */
function useSentNames({ check, numbers }: Check, { product, mode, time }: Props['scope']): string[] {
  const [missing] = Array.isArray(numbers['missing']) ? numbers['missing'] : []
  const field = missing?.['field']
  const isAsked = check === 'schema' && typeof field === 'string' && numbers['kept_requests'] !== 0
  const cause = { rule: 'required', field: String(field), code: null, reason: null, after: null }
  const at: Address = { kind: 'rejected', mode, time, ...cause, request: null, position: null }
  const found = useQuery({ ...rejectionsQuestion(product, at), enabled: isAsked })
  const newest = isAsked ? (found.data?.requests ?? []).slice(0, openedMax) : []
  const opened = useQueries({ queries: newest.map(({ request_id }) => rejectionQuestion(request_id)) })
  return opened.flatMap(({ data }) =>
    data === undefined ? [] : keysOf(eventsToShow(eventsIn(data.raw) ?? [], data.violations, eventsMax)),
  )
}
