// The line that a person sees while a file is sent, and that nobody else sees it.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openOutput } from '../output.ts'
import { progressLine, type SendProgress } from './progress.ts'

const half: SendProgress = {
  name: 'events.ndjson',
  nowMs: 20_000,
  startMs: 10_000,
  bytes: { done: 60, atStart: 20, all: 120 },
  events: 12_500,
  eventsAtStart: 2_500,
  rejected: 3,
  waiting: null,
}

it('says how much is done, how fast it goes since it went on, and how long it will take', () => {
  const bar = `${'█'.repeat(8)}${'░'.repeat(8)}`
  assert.equal(
    progressLine(half),
    `events.ndjson  ${bar}  50%  12,500 events  3 rejected  1,000/s  00:15 left`,
    '40 of 100 bytes in 10 s: 60 more in 15 s',
  )
  assert.match(progressLine({ ...half, waiting: { why: '429', untilMs: 95_500 } }), /429, on in 01:16$/)
  assert.match(progressLine({ ...half, name: `${'n'.repeat(99)}.csv` }), /^…n{19}\.csv  █/)
  assert.equal(progressLine({ ...half, bytes: null, rejected: 0 }), 'events.ndjson  12,500 events  1,000/s')
})

it('is on a terminal only, one line that gives way to what is said, and what is in it cannot move the terminal', () => {
  const written = (isTTY: boolean, columns = 20) => {
    let text = ''
    const stream = { write: (more: string) => void (text += more), isTTY, columns }
    const output = openOutput(stream, stream)
    output.progress('\u001b[2Jevil')
    output.note('a note')
    output.progress('x'.repeat(50))
    output.progress(null)
    return text
  }
  assert.equal(written(false), 'a note\n')
  const evil = '␛[2Jevil'
  const clear = '\r\u001b[2K'
  assert.equal(written(true), `${evil}${clear}a note\n${evil}${clear}${'x'.repeat(19)}${clear}`)
  const unknown = written(true, 0)
  assert.ok(unknown.includes('x'.repeat(50)), 'a terminal that does not know its width')
})
