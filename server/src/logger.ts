// The server's own voice: structured lines through pino. Nothing secret is ever handed to it: keys appear as their
// shortened form, tokens not at all; the paths below are a second net. Lines are written without waiting, so that a
// stuck reader of standard output cannot stop the door; what does not fit in 1 MiB of waiting lines is dropped. Nor can
// it hold up the end of a process: `end` writes what waits, in order, for half a second at most.

import { pino } from 'pino'
import { PinoPretty } from 'pino-pretty'
import { StandardOutput } from './standard-output.ts'

export type Logger = {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export type FlushedLogger = Logger & {
  /** Writes what waits, without a turn of the event loop, and ends the process. */
  end(code: number): never
}

/** `endMsMax`: how long `end` writes for a reader that does not take it. */
type LoggerOptions = { role: string; level: string; format: string; endMsMax?: number }

export function openLogger(options: LoggerOptions): FlushedLogger {
  const pretty = options.format === 'pretty' || (options.format === 'auto' && process.stdout.isTTY === true)
  const settings = {
    level: options.level,
    base: { role: options.role },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: ['secret', 'key', 'token', 'password', '*.secret', '*.token', '*.password', 'headers', 'req.headers'],
  }
  const output = pretty ? null : new StandardOutput({ bytesMax: 1024 * 1024, retryMs: 10 })
  const logger = pino(settings, output ?? linesForPeople())
  return Object.assign(logger as unknown as Logger, {
    end(code: number): never {
      output?.end(options.endMsMax ?? 500)
      process.exit(code)
    },
  }) as FlushedLogger
}

function linesForPeople(): { write(line: string): void } {
  const destination = PinoPretty({
    colorize: process.stdout.isTTY === true,
    ignore: 'role',
    messageFormat: '{role}: {msg}',
    sync: true,
  })
  return { write: line => void destination.write(harmless(line)) }
}

/**
 * A line of JSON of which nothing moves a terminal when its texts are printed: a partner's text may be in a message. Line
 * ends and tabs stay, for stacks.
 */
function harmless(line: string): string {
  return line
    .replace(/\\(?:u00([01][0-9a-f])|.)/g, (escape, code?: string) => {
      const unit = code === undefined ? shortEscapes.get(escape) : Number.parseInt(code, 16)
      return unit === undefined ? escape : String.fromCharCode(0x2400 + unit)
    })
    .replace(/[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '·')
}

const shortEscapes = new Map([
  ['\\b', 0x08],
  ['\\f', 0x0c],
  ['\\r', 0x0d],
])
