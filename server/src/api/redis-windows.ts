// The windows of keys in Redis, where several api processes share them. One script does what window.ts does, atomically and
// by the clock of that Redis: up to `exactLimitMax` requests a minute each admission's time is kept, above that counts of
// slots of 250 ms. A key of ours is three keys there, which Redis forgets when nothing was admitted for a minute:
//
//   datapulse:{key_abc…}:times    list of Unix milliseconds, oldest first
//   datapulse:{key_abc…}:slots    list of SLOT:COUNT, oldest first
//   datapulse:{key_abc…}:slotted  the sum of these counts
//
// Whoever changes the limit of a key finds what the other kind has counted, so that no window begins empty. A clock that
// was set back stands still until it is where it was, for a minute at most; then the window begins anew.
//
// A connection that does not answer in time is given up, and another is tried for ever, ever less often. Until one answers,
// `isThere` is false and nobody waits. A Redis that is replaced by a copy of itself that lags has lost what was admitted last.

import { createHash } from 'node:crypto'
import { createClient } from '@redis/client'
import { limits } from '../limits.ts'
import type { SharedAnswer, SharedWindows } from './shared-admission.ts'
import { exactLimitMax, slotMs, windowMs as minuteMs } from './window.ts'

export type RedisWindowsOptions = {
  /** `redis://` or `rediss://`, with user and password where there are. */
  url: string
  logger: Record<'info' | 'warn', (details: object, message: string) => void>
  /** Milliseconds; a window of 60 s by default. */
  answerMsMax?: number
  windowMs?: number
}

/** `window`: its milliseconds. */
const scriptOf = (window: number, slots: number) => `
local times, slotted, sum = KEYS[1], KEYS[2], KEYS[3]
local limit, wanted = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local last = tonumber(redis.call('LINDEX', times, -1) or '0')
local newest = redis.call('LINDEX', slotted, -1)
if newest then last = math.max(last, tonumber(string.match(newest, '^%d+')) * ${slotMs}) end
if last > now + ${window} then redis.call('DEL', times, slotted, sum) else now = math.max(now, last) end

local oldest = redis.call('LINDEX', times, 0)
while oldest and tonumber(oldest) <= now - ${window} do
  redis.call('LPOP', times)
  oldest = redis.call('LINDEX', times, 0)
end
local slot = math.floor(now / ${slotMs})
local first = redis.call('LINDEX', slotted, 0)
while first do
  local number, count = string.match(first, '^(%d+):(%d+)$')
  if tonumber(number) > slot - ${slots} then break end
  redis.call('LPOP', slotted)
  redis.call('DECRBY', sum, count)
  first = redis.call('LINDEX', slotted, 0)
end
local used = redis.call('LLEN', times) + tonumber(redis.call('GET', sum) or '0')

local admitted = math.max(0, math.min(wanted, limit - used))
if admitted > 0 and limit <= ${exactLimitMax} then
  local entries = {}
  for i = 1, admitted do entries[i] = string.format('%d', now) end
  for i = 1, admitted, 1000 do redis.call('RPUSH', times, unpack(entries, i, math.min(i + 999, admitted))) end
  oldest = redis.call('LINDEX', times, 0)
elseif admitted > 0 then
  newest = redis.call('LINDEX', slotted, -1)
  local number, count = string.match(newest or '', '^(%d+):(%d+)$')
  if number and tonumber(number) == slot then
    redis.call('LSET', slotted, -1, string.format('%d:%d', slot, count + admitted))
  else
    redis.call('RPUSH', slotted, string.format('%d:%d', slot, admitted))
  end
  redis.call('INCRBY', sum, admitted)
  first = redis.call('LINDEX', slotted, 0)
end
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ${window + 2 * slotMs}) end

local function leaves(entry) return (tonumber(string.match(entry, '^%d+')) + ${slots}) * ${slotMs} - now end
local reset = 0
if oldest then reset = tonumber(oldest) + ${window} - now end
if first then reset = reset == 0 and leaves(first) or math.min(reset, leaves(first)) end

local wait = 0
if admitted < wanted then
  wait = reset
  local more = used + admitted - limit + 1
  if oldest and not first then
    wait = tonumber(redis.call('LINDEX', times, more - 1) or oldest) + ${window} - now
  elseif first and not oldest then
    for _, entry in ipairs(redis.call('LRANGE', slotted, 0, -1)) do
      wait = leaves(entry)
      more = more - tonumber(string.match(entry, '%d+$'))
      if more <= 0 then break end
    end
  end
end
return {admitted, math.max(0, limit - used - admitted), reset, wait}`

const connectMs = 2_000
const retryMsMin = 100
const retryMsMax = 2_000

type Client = ReturnType<typeof createClient>

export function openRedisWindows(options: RedisWindowsOptions): SharedWindows {
  const { url, logger, answerMsMax = limits.sharedLimitsMs, windowMs = minuteMs } = options
  const script = scriptOf(windowMs, windowMs / slotMs + 1)
  const sha = createHash('sha1').update(script).digest('hex')
  const place = placeOf(url)
  let client: Client | null = null
  let closed = false
  let retryMs = retryMsMin
  let timer: NodeJS.Timeout | undefined

  /** A connection counts once it has the script and has answered. */
  const connect = async () => {
    const tried: Client = createClient({
      url,
      disableOfflineQueue: true,
      socket: { connectTimeout: connectMs, reconnectStrategy: false },
    })
    tried.on('error', fault => giveUp(tried, fault))
    try {
      await inTime(
        tried.connect().then(() => tried.sendCommand(['SCRIPT', 'LOAD', script])),
        connectMs,
      )
    } catch (fault) {
      end(tried)
      if (!closed) timer = setTimeout(connectAgain, retryMs)
      if (retryMs === retryMsMin) logger.warn({ place, fault: String(fault) }, away)
      retryMs = Math.min(retryMsMax, retryMs * 2)
      return
    }
    if (closed) return end(tried)
    retryMs = retryMsMin
    client = tried
    logger.info({ place }, 'limits of keys are shared with other processes')
  }
  const connectAgain = () => void connect()
  const giveUp = (failed: Client, fault: unknown) => {
    if (client !== failed) return
    client = null
    end(failed)
    if (closed) return
    logger.warn({ place, fault: String(fault) }, away)
    timer = setTimeout(connectAgain, retryMs)
  }
  connectAgain()

  return {
    isThere: () => client !== null,
    async admit(keyId, limit, wanted) {
      const asked = client
      if (asked === null) throw new Error(away)
      const keys = ['times', 'slots', 'slotted'].map(name => `datapulse:{${keyId}}:${name}`)
      const command = ['EVALSHA', sha, '3', ...keys, String(limit), String(wanted)]
      try {
        return answerOf(await inTime(asked.sendCommand(command), answerMsMax))
      } catch (fault) {
        giveUp(asked, fault)
        throw fault
      }
    },
    close() {
      closed = true
      clearTimeout(timer)
      if (client !== null) end(client)
      client = null
    },
  }
}

const away = 'the place where limits are shared is away: this process applies them by itself'

function answerOf(reply: unknown): SharedAnswer {
  if (!Array.isArray(reply) || reply.length !== 4 || !reply.every(Number.isSafeInteger))
    throw new Error(`The script must answer with four numbers: got ${JSON.stringify(reply)}`)
  const [admitted, remaining, resetMs, waitMs] = reply as [number, number, number, number]
  return { admitted, remaining, resetMs, waitMs }
}

function end(client: Client): void {
  try {
    client.destroy()
  } catch {
    // It was not open.
  }
}

async function inTime<T>(answer: Promise<T>, ms: number): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${ms} ms`)), ms)
  try {
    return await Promise.race([answer, late.promise])
  } finally {
    clearTimeout(timer)
    answer.catch(() => {})
  }
}

/** Without user and password. */
function placeOf(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}
