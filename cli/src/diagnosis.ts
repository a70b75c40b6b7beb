// The steps of a test event through the whole path: admin API, key, door, log, pipeline, warehouse, back. Each is
// timed, and one that fails says what is wrong there. The event is sent in test mode and never counts in a report; the
// key is revoked at the end, also after a failure, and ends by itself in ten minutes if that should fail too.

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Admin, readUrl, whyUnreachable } from './admin.ts'
import type { Status } from './commands/status.ts'
import { failureOf } from './failure.ts'
import type { Row } from './pages.ts'

export type Step = { step: string; ok: boolean; ms: number; detail: string }

/** `apiUrl` null: where the admin API says, and `publicUrl` when it does not. */
export type DiagnosisOptions = {
  admin: Admin
  adminUrl: string
  product: string
  apiUrl: string | null
  publicUrl: string
  timeoutMs: number
}

const pollMs = 50

/** Runs all steps; `told` hears of each as it ends. A step that fails ends the run. */
export async function diagnose(options: DiagnosisOptions, told: (step: Step) => void): Promise<Step[]> {
  const { admin, product } = options
  const steps: Step[] = []
  const take = async <Value>(step: string, work: () => Promise<{ detail: string; value: Value }>): Promise<Value> => {
    const startMs = performance.now()
    const end = (ok: boolean, detail: string) => {
      const taken = { step, ok, ms: Math.round(performance.now() - startMs), detail }
      steps.push(taken)
      told(taken)
    }
    try {
      const { detail, value } = await work()
      end(true, detail)
      return value
    } catch (error) {
      end(false, failureOf(error).message)
      throw error
    }
  }

  let keyId: string | null = null
  try {
    const status = await take('admin API answers', () => readStatus(admin))
    const apiUrl = options.apiUrl ?? apiUrlOf(status, options)
    const key = await take('a test key is made', async () => {
      const wish = { product, name: 'doctor', mode: 'test', expires_at: '10m' }
      const made = await admin.post<{ id: string; key: string }>('/api/keys', wish)
      return { detail: `${made.id} of ${product}`, value: made }
    })
    keyId = key.id
    const requestId = await take('the public API acknowledges', () => post(apiUrl, key.key))
    await take('the event is listed', () => waitUntilListed(options, requestId))
    await take('every event is accounted for', () => checkAccounting(admin))
  } catch {
    // The step that failed is written down.
  }
  if (keyId !== null) {
    const id = keyId
    await take('the key is revoked', async () => {
      await admin.remove(`/api/keys/${encodeURIComponent(id)}`)
      return { detail: id, value: null }
    }).catch(() => {})
  }
  return steps
}

async function readStatus(admin: Admin) {
  const status = await admin.get<Status>('/api/status')
  const unwell = Object.entries(status.stages).filter(([, stage]) => !stage.ready)
  const detail =
    unwell.length === 0
      ? 'the token is right, every part is ready'
      : `the token is right; not ready: ${unwell.map(([name, stage]) => `${name} (${stage.why ?? 'no reason given'})`).join(', ')}`
  return { detail, value: status }
}

/** Where the public API listens; where it listens on every address, the one of the admin API is one of them. */
function apiUrlOf({ stages }: Status, { adminUrl, publicUrl }: DiagnosisOptions): string {
  const host = stages['api']?.['host']
  const port = stages['api']?.['port']
  if (typeof host !== 'string' || typeof port !== 'number') return publicUrl
  const name = host === '0.0.0.0' || host === '::' ? new URL(adminUrl).hostname : host
  return `http://${name.includes(':') && !name.startsWith('[') ? `[${name}]` : name}:${port}`
}

/** A new key may take a second to be known at the door, so a 401 is tried again that long. */
async function post(apiUrl: string, key: string) {
  const url = `${readUrl(apiUrl, '--api-url')}/v2/s2s/event`
  const event = {
    client_user_id: 'datapulse-doctor',
    event_name: 'datapulse_doctor',
    timestamp: Date.now(),
    ip_address: '192.0.2.1',
    message_id: randomUUID(),
  }
  const untilMs = performance.now() + 2_000
  for (;;) {
    const reply = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': key },
      body: JSON.stringify(event),
      signal: AbortSignal.timeout(10_000),
      redirect: 'error',
    }).catch((error: unknown) => {
      throw new Error(
        `Cannot reach the public API at ${apiUrl} (${whyUnreachable(error)}): start the server, or name it with --api-url`,
      )
    })
    const text = await reply.text()
    if (reply.status === 401 && performance.now() < untilMs) {
      await sleep(pollMs)
      continue
    }
    if (reply.status !== 200) throw new Error(`The door refused: ${reply.status} ${text.slice(0, 300)}`)
    const requestId = requestIdOf(text)
    return { detail: `durable, request ${requestId}`, value: requestId }
  }
}

function requestIdOf(text: string): string {
  try {
    const { request_id: id } = JSON.parse(text) as { request_id?: unknown }
    if (typeof id === 'string') return id
  } catch {
    // Told below.
  }
  throw new Error(`The public API answered 200 without a request_id: is --api-url right? It said ${text.slice(0, 100)}`)
}

async function waitUntilListed({ admin, product, timeoutMs }: DiagnosisOptions, requestId: string) {
  const untilMs = performance.now() + timeoutMs
  let trouble = ''
  while (performance.now() < untilMs) {
    try {
      const { events } = await admin.get<{ events: Row[] }>('/api/events', { product, request: requestId, limit: 2 })
      if (events.length > 1) throw new Error('The event is listed more than once')
      if (events.length === 1) return { detail: 'processed, stored once, found', value: null }
      trouble = ''
    } catch (error) {
      const { code, message } = failureOf(error)
      if (code !== 'WAREHOUSE_AWAY') throw error
      trouble = message
    }
    await sleep(pollMs)
  }
  throw new Error(
    `Not listed within ${timeoutMs / 1_000} s: ${trouble || (await whyNotListed(admin))}. The event is durable and will be processed later`,
  )
}

async function whyNotListed(admin: Admin): Promise<string> {
  const { stages, lag, checkpoint } = await admin.get<Status>('/api/status')
  const unwell = Object.entries(stages).filter(([, stage]) => !stage.ready)
  if (unwell.length > 0)
    return unwell.map(([name, stage]) => `${name} is not ready (${stage.why ?? 'no reason given'})`).join(', ')
  if (lag !== null && lag.events > 0) return `the pipeline is ${lag.events} events (${lag.seconds.toFixed(1)} s) behind`
  if (checkpoint === null) return 'nothing is known about the pipeline'
  return 'the pipeline is not behind; `datapulse parked list` shows whether the event was put aside'
}

/** Other events may be on their way while the parts are asked, so a hole must stay a hole to count. */
async function checkAccounting(admin: Admin) {
  for (let left = 5; ; left--) {
    const { accounting } = await admin.get<Status>('/api/status')
    if (accounting.holds === true) {
      const { accepted, stored, duplicate, parked, erased = 0, in_flight: inFlight } = accounting
      return {
        detail: `accepted ${accepted} = ${stored} + ${duplicate} + ${parked} + ${erased} + ${inFlight}`,
        value: null,
      }
    }
    if (left === 0) throw new Error(accounting.problem ?? 'The accounting cannot be read')
    await sleep(200)
  }
}
