// A sender that a test kills: a program with a client and a spool, which hands events over for ever, or as many as it is told
// to, and says the name of each once `track` has resolved. What it needs it reads from its environment.

import { writeSync } from 'node:fs'
import { DataPulseClient } from '../../client/src/index.ts'
import { diskSpool } from '../../client/src/spool.ts'
import { clientEvent } from './client-events.ts'

const { SENDER_URL = '', SENDER_KEY = '', SENDER_DIRECTORY = '', SENDER_NAME = '', SENDER_EVENTS = '' } = process.env
const most = SENDER_EVENTS === '' ? Number.POSITIVE_INFINITY : Number(SENDER_EVENTS)

const client = new DataPulseClient({
  ...{ url: SENDER_URL, key: SENDER_KEY, spool: diskSpool({ directory: SENDER_DIRECTORY }) },
  ...{ timeoutMs: 500, backoff: { baseMs: 5, maxMs: 50 }, batch: { events: 20, ms: 2 }, concurrency: 2 },
})

for (let first = 0; first < most; first += 8) {
  const names = Array.from({ length: Math.min(8, most - first) }, (_, i) => `${SENDER_NAME}-${first + i}`)
  await Promise.all(
    names.map(async name => {
      await client.track(clientEvent(name))
      writeSync(1, `${name}\n`)
    }),
  )
}
const { kept } = await client.close()
writeSync(1, `kept ${kept}\n`)
