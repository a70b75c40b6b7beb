// Why a command could not do what it was asked for: a code for programs and one sentence for people.

export type Told = { code: string; message: string; problems: { name: string; message: string }[] }

export class Failure extends Error {
  readonly code: string
  readonly problems: Told['problems']

  constructor(code: string, message: string, problems: Told['problems'] = []) {
    super(message)
    this.code = code
    this.problems = problems
  }
}

/** What to tell about anything that was thrown. */
export function failureOf(error: unknown): Told {
  if (error instanceof Failure) return { code: error.code, message: error.message, problems: error.problems }
  const { code, message } = error as { code?: unknown; message?: unknown }
  return { code: typeof code === 'string' ? code : 'FAILED', message: String(message ?? error), problems: [] }
}
