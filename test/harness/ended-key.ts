// A key that was revoked ends everywhere within a second: whatever is sent later than that is answered 401, however long a
// busy machine takes for the answer.

import assert from 'node:assert/strict'

const withinMs = 1_000

/** `statuses` sends something with the key wherever it was good. */
export async function endsInTime(statuses: () => Promise<number[]>): Promise<void> {
  const endMs = Date.now() + withinMs
  for (;;) {
    const sentMs = Date.now()
    const others = (await statuses()).filter(status => status !== 401)
    if (others.length === 0) return
    assert.ok(sentMs < endMs, `sent ${sentMs - endMs} ms too late, and answered ${others.join()}`)
  }
}
