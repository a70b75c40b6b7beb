// The windows of keys in a real Redis: shared, atomic, given up when it hangs, found again when it is back.

import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openRedisWindows, type RedisWindowsOptions } from './redis-windows.ts'
import type { SharedWindows } from './shared-admission.ts'
import { freePorts } from '../testing/free-ports.ts'
import { skipWithoutRedis as skip, startRedis } from './testing/redis-server.ts'

const opened: SharedWindows[] = []
let redis: ChildProcess | undefined
after(() => {
  for (const windows of opened) windows.close()
  redis?.kill('SIGKILL')
})

function open(port: number, more: Partial<RedisWindowsOptions> = {}): SharedWindows {
  const windows = openRedisWindows({ url: `redis://127.0.0.1:${port}`, logger: { info() {}, warn() {} }, ...more })
  opened.push(windows)
  return windows
}

async function untilThere(windows: SharedWindows, isThere = true): Promise<void> {
  for (let i = 0; i < 1_000 && windows.isThere() !== isThere; i++) await sleep(10)
  assert.equal(windows.isThere(), isThere)
}

test('a window in Redis', { skip }, async t => {
  const [port = 0] = await freePorts(1)
  const start = async () => (redis = await startRedis(port))
  let running = await start()
  const [one, other] = [open(port), open(port)]
  await Promise.all([untilThere(one), untilThere(other)])

  await t.test('is shared to the last request, whoever asks at once', async () => {
    const asked = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? one : other).admit('key_many', 100, 7))
    const answers = await Promise.all(asked)
    assert.equal(
      answers.reduce((sum, answer) => sum + answer.admitted, 0),
      100,
    )
    const refused = await one.admit('key_many', 100, 1)
    assert.equal(refused.admitted, 0)
    assert.equal(refused.remaining, 0)
    assert.ok(refused.waitMs > 50_000 && refused.waitMs <= 60_000, `${refused.waitMs}`)
    assert.equal((await one.admit('key_other', 100, 1)).remaining, 99)
  })

  await t.test(
    'of many requests a minute counts as exactly, and is not refilled when the limit changes its kind',
    async () => {
      assert.equal((await one.admit('key_large', 10_000, 9_000)).admitted, 9_000)
      assert.equal((await other.admit('key_large', 10_000, 9_000)).admitted, 1_000)
      const full = await other.admit('key_large', 10_000, 1)
      assert.ok(full.admitted === 0 && full.waitMs > 50_000 && full.waitMs <= 60_250, JSON.stringify(full))
      assert.equal((await one.admit('key_large', 6_000, 1)).admitted, 0)
      assert.equal((await one.admit('key_small', 6_000, 6_000)).admitted, 6_000)
      assert.equal((await one.admit('key_small', 6_010, 100)).admitted, 10)
    },
  )

  await t.test('gives requests back when they leave it, at the time that was told', async () => {
    const short = open(port, { windowMs: 1_000 })
    await untilThere(short)
    for (const limit of [3, 7_000]) {
      const keyId = `key_short_${limit}`
      assert.equal((await short.admit(keyId, limit, limit)).admitted, limit)
      const { waitMs, admitted } = await short.admit(keyId, limit, 1)
      assert.equal(admitted, 0)
      assert.ok(waitMs > 0 && waitMs <= 1_250, `${waitMs}`)
      await sleep(waitMs + 2)
      assert.equal((await short.admit(keyId, limit, 1)).admitted, 1)
    }
  })

  await t.test('that hangs is given up in time, and found again', async () => {
    running.kill('SIGSTOP')
    await assert.rejects(one.admit('key_hung', 60, 1), /no answer within 250 ms/)
    assert.equal(one.isThere(), false)
    await assert.rejects(one.admit('key_hung', 60, 1), /is away/)
    running.kill('SIGCONT')
    await untilThere(one)
    assert.equal((await one.admit('key_hung', 60, 1)).admitted, 1)
  })

  await t.test('that is killed and comes back empty is taken as it is', async () => {
    running.kill('SIGKILL')
    await once(running, 'exit')
    await untilThere(one, false)
    running = await start()
    await untilThere(one)
    assert.equal((await one.admit('key_many', 100, 1)).remaining, 99)
  })
})
