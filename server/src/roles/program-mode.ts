// What the server program does instead of serving, when a command of the command line asks for it: its output and exit codes
// are those of the command line.

/** What is told in the end: to programs, and to people. */
export type Told = { json: object; sentence: string }

/** `failed`: the code of a failure that has none of its own. `tell` says to people how far it got. */
export async function runMode(
  failed: string,
  isJson: boolean,
  work: (tell: (sentence: string) => void) => Promise<Told>,
): Promise<void> {
  try {
    const { json, sentence } = await work(line => {
      if (!isJson) process.stderr.write(`${line}\n`)
    })
    process.stdout.write(isJson ? `${JSON.stringify(json, null, 2)}\n` : `${sentence}\n`)
  } catch (cause) {
    const { code = failed, message } = cause as { code?: string; message: string }
    process.stderr.write(
      isJson ? `${JSON.stringify({ error: code, code, message, problems: [] })}\n` : `datapulse: ${message}\n`,
    )
    process.exitCode = 1
  }
}
