// The server's own voice: structured lines through pino. Nothing secret is ever handed to it: keys appear as their
// shortened form, tokens not at all; the paths below are a second net. Lines are written without waiting, so that a
// stuck reader of standard output cannot stop the door; what does not fit in 1 MiB of waiting lines is dropped. Nor can
// it hold up the end of a process: `end` writes what waits for half a second at most.

import { constants, fstatSync, openSync } from 'node:fs'
import { pino } from 'pino'
import { PinoPretty } from 'pino-pretty'

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

const endMsMax = 500

export function openLogger(options: { role: string; level: string; format: string }): FlushedLogger {
  const pretty = options.format === 'pretty' || (options.format === 'auto' && process.stdout.isTTY === true)
  const settings = {
    level: options.level,
    base: { role: options.role },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: ['secret', 'key', 'token', 'password', '*.secret', '*.token', '*.password', 'headers', 'req.headers'],
  }
  let giveUpMs = Number.POSITIVE_INFINITY
  const destination = pretty
    ? PinoPretty({
        colorize: process.stdout.isTTY === true,
        ignore: 'role',
        messageFormat: '{role}: {msg}',
        sync: true,
      })
    : pino.destination({
        dest: openOutput(),
        sync: false,
        minLength: 0,
        maxLength: 1024 * 1024,
        retryEAGAIN: () => Date.now() < giveUpMs,
      })
  const logger = pino(settings, pretty ? { write: line => void destination.write(harmless(line)) } : destination)
  return Object.assign(logger as unknown as Logger, {
    end(code: number): never {
      giveUpMs = Date.now() + endMsMax
      if ('flushSync' in destination) {
        try {
          destination.flushSync()
        } catch {
          // not opened yet, or its reader is stuck or gone: nothing left to tell
        }
        destination.destroy()
      }
      process.exit(code)
    },
  }) as FlushedLogger
}

/**
 * Where standard output is a pipe: the same pipe, opened again without blocking. A full one then says EAGAIN; a write
 * that blocks would hold a thread, and the process could not end before it. (A flag on the descriptor itself would be
 * shared with every process that inherited it, and is taken away again when a child is spawned.)
 */
function openOutput(): number {
  try {
    if (fstatSync(1).isFIFO()) return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    // not allowed, nobody reads, or no such folder on this system
  }
  return 1
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
