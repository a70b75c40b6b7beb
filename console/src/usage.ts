// How much of its limit a key uses, as the admin API tells it, and made into what a chart draws: every stretch of the time has a
// point, also one in which nothing came.

export type Usage = {
  key_id: string
  rate_limit: number
  now: { requests: number; over_limit: number }
  requests: number
  over_limit: number
  rejected: number
  events: number
  asked_max: number
  peak: { at: string; requests: number; rate_limit: number; share: number } | null
  last_over_limit_at: string | null
  suggested_rate_limit: number | null
  verdict: 'problem' | 'attention' | 'good' | 'nothing'
}

export type UsageBucket = {
  at: string
  requests: number
  over_limit: number
  rejected: number
  events: number
  peak: number
  rate_limit: number
}

export type UsageOfOne = Usage & { since: string; until: string; bucket_seconds: number; buckets: UsageBucket[] }

/** Of `peak` and `full` one is 0: `full` is the peak where requests were refused. */
export type UsagePoint = {
  atMs: number
  peak: number
  full: number
  limit: number
  events: number
  over: number
  wrong: number
}

export function pointsOf(usage: UsageOfOne): UsagePoint[] {
  const { since, until, bucket_seconds, buckets, rate_limit } = usage
  const lengthMs = bucket_seconds * 1_000
  const there = new Map(buckets.map(bucket => [Date.parse(bucket.at), bucket]))
  // Until the first that is known, the limit was what it was then; nothing tells when it was changed but use.
  let limit = buckets[0]?.rate_limit ?? rate_limit
  const points: UsagePoint[] = []
  for (let atMs = Math.floor(Date.parse(since) / lengthMs) * lengthMs; atMs < Date.parse(until); atMs += lengthMs) {
    const bucket = there.get(atMs)
    limit = bucket?.rate_limit ?? limit
    const { peak = 0, over_limit: over = 0, rejected: wrong = 0, events = 0 } = bucket ?? {}
    points.push({ atMs, peak: over > 0 ? 0 : peak, full: over > 0 ? peak : 0, limit, events, over, wrong })
  }
  const last = points.at(-1)
  if (last !== undefined) last.limit = rate_limit
  return points
}
