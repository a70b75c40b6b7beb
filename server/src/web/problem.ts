// How the admin API says no: one JSON shape for every refusal, and one closed list of codes.

/** One thing that is wrong with a request: which parameter or field, and what would be right. */
export type Problem = { name: string; message: string }

export const refusals = {
  BAD_PARAMETERS: [400, 'Bad Request'],
  BAD_BODY: [400, 'Bad Request'],
  UNAUTHORIZED: [401, 'Unauthorized'],
  READ_ONLY: [403, 'Forbidden'],
  WRONG_ORIGIN: [403, 'Forbidden'],
  NOT_FOUND: [404, 'Not Found'],
  METHOD_NOT_ALLOWED: [405, 'Method Not Allowed'],
  NOT_POSSIBLE: [409, 'Conflict'],
  TOO_LARGE: [413, 'Content Too Large'],
  UNSUPPORTED_TYPE: [415, 'Unsupported Media Type'],
  WRONG_HOST: [421, 'Misdirected Request'],
  TOO_MANY_FAILURES: [429, 'Too Many Requests'],
  TOO_MANY_STREAMS: [429, 'Too Many Requests'],
  TOO_MANY_TRIES: [429, 'Too Many Requests'],
  INTERNAL: [500, 'Internal Server Error'],
  API_AWAY: [503, 'Service Unavailable'],
  API_SILENT: [504, 'Gateway Timeout'],
  AUDIT_AWAY: [503, 'Service Unavailable'],
  PIPELINE_AWAY: [503, 'Service Unavailable'],
  WAREHOUSE_AWAY: [503, 'Service Unavailable'],
  WAREHOUSE_BUSY: [503, 'Service Unavailable'],
  WAREHOUSE_SLOW: [503, 'Service Unavailable'],
} as const

export type RefusalCode = keyof typeof refusals

/** A refusal on its way to the caller. */
export class Refusal extends Error {
  readonly code: RefusalCode
  readonly problems: Problem[]
  readonly headers: Record<string, string>

  constructor(
    code: RefusalCode,
    message: string,
    more: { problems?: Problem[]; headers?: Record<string, string> } = {},
  ) {
    super(message)
    this.code = code
    this.problems = more.problems ?? []
    this.headers = more.headers ?? {}
  }
}

/** The refusal of a request in which these things are wrong. */
export function badParameters(problems: Problem[]): Refusal {
  const names = [...new Set(problems.map(problem => problem.name))].join(', ')
  const are = problems.length === 1 ? '1 parameter is wrong' : `${problems.length} parameters are wrong`
  return new Refusal('BAD_PARAMETERS', `${are}: ${names}`, { problems })
}

export function refusalReply(refusal: Refusal): Response {
  const [status, error] = refusals[refusal.code]
  const body = { error, code: refusal.code, message: refusal.message, problems: refusal.problems }
  return Response.json(body, { status, headers: refusal.headers })
}

/** What an error thrown by one of our needs means to the caller; null: nothing they could act on, so ours. */
export function refusalOf(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  const meaning = warehouseMeanings[String(code)]
  if (meaning === undefined) return null
  const [refusal, seconds, sentence] = meaning
  return new Refusal(refusal, `${sentence}: ${String(message)}`, { headers: { 'retry-after': String(seconds) } })
}

const away = 'The warehouse cannot answer just now; keys, products and status still work, and events go on being taken'

/** By the fault's code: ours, Retry-After, and what to say. */
const warehouseMeanings: Record<string, [RefusalCode, number, string]> = {
  API_AWAY: ['API_AWAY', 2, 'Nothing was sent'],
  WAREHOUSE_AWAY: ['WAREHOUSE_AWAY', 2, away],
  WAREHOUSE_DISK_FULL: ['WAREHOUSE_AWAY', 30, away],
  WAREHOUSE_EMPTY: ['WAREHOUSE_AWAY', 2, away],
  WAREHOUSE_NEWER: ['WAREHOUSE_AWAY', 60, away],
  WAREHOUSE_BUSY: ['WAREHOUSE_BUSY', 1, 'Too much is asked of the warehouse at once'],
  WAREHOUSE_SLOW: ['WAREHOUSE_SLOW', 60, 'The question took too long; ask for one product or a shorter time'],
}
