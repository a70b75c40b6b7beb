// The file of rejected events: one JSON object a line, which can be corrected there and sent again as it is:
//
//   {"source":"events.csv","line":7,"violations":[{"field","rule","message"}],"text":"…","event":{…}}
//
// `text` is the line as it was, where that is not the event itself; `event` is absent where there was no event to be made of
// it. The file is made when the first one is written, in the order of the file that is sent.

import { constants } from 'node:fs'
import { access, type FileHandle, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure } from '../failure.ts'
import { memberText } from './member.ts'
import type { Piece } from './pieces.ts'
import type { Rejection } from './sender.ts'

export type RejectedFile = {
  path: string
  /** Writes them, on the disk when it returns, and gives the file's length. */
  write(source: string, rejections: Rejection[]): Promise<number>
  close(): Promise<void>
}

/** `keepBytes`: it goes on behind so much of a file that is there, or in another if it is not; null: there must be none. */
export async function openRejectedFile(wanted: string, keepBytes: number | null): Promise<RejectedFile> {
  const isShort = keepBytes !== null && ((await sizeOf(wanted)) ?? 0) < keepBytes
  if (isShort) return openRejectedFile(await freeRejectedPath(wanted), null)
  const path = wanted
  await checkPlace(path, keepBytes)
  let bytes = keepBytes ?? 0
  let file: FileHandle | null = null
  const begin = async (): Promise<FileHandle> => {
    const opened = await open(path, keepBytes === null ? 'wx' : 'a')
    await opened.truncate(bytes)
    return opened
  }
  return {
    path,
    async write(source, rejections) {
      if (rejections.length === 0) return bytes
      file ??= await begin()
      const text = Buffer.from(rejections.map(rejection => lineOf(source, rejection)).join(''))
      await file.appendFile(text)
      await file.datasync()
      bytes += text.length
      return bytes
    },
    close: async () => file?.close(),
  }
}

/** A name for the rejected events of `path` that no file has yet. */
export async function freeRejectedPath(path: string): Promise<string> {
  const [, stem = path, number] = /^(.*)\.rejected(?:\.(\d+))?\.ndjson$/s.exec(path) ?? []
  const isRejected = stem !== path
  for (let next = isRejected ? Number(number ?? 1) + 1 : 1; ; next++) {
    const name = `${stem}.rejected${next === 1 ? '' : `.${next}`}.ndjson`
    if ((await sizeOf(name)) === null) return name
  }
}

/** The event out of a line of such a file; any other piece as it is. */
export function unwrapRejected(piece: Piece): Piece {
  if (piece.problem !== null || !/^\{\s*"source"\s*:/.test(piece.text)) return piece
  const { source, line, violations, text, event } = JSON.parse(piece.text) as Record<string, unknown>
  if (typeof source !== 'string' || typeof line !== 'number' || !Array.isArray(violations)) return piece
  const origin = { source, line }
  const raw = typeof text === 'string' ? { raw: text } : {}
  if (typeof event === 'object' && event !== null && !Array.isArray(event))
    return { line: piece.line, text: memberText(piece.text, 'event')!, problem: null, origin, ...raw }
  const problem = 'there is no event in it: write the corrected one as "event"'
  return { ...piece, text: typeof text === 'string' ? text : piece.text, problem, origin, ...raw }
}

function lineOf(source: string, { piece, violations }: Rejection): string {
  const { line, origin, raw, problem, text } = piece
  const said = violations.map(({ field, rule, message }) => ({ field, rule, message }))
  const head = JSON.stringify({ source, line, ...origin, violations: said }).slice(0, -1)
  const was = raw ?? (problem === null ? undefined : text)
  return `${head}${was === undefined ? '' : `,"text":${JSON.stringify(was)}`}${problem === null ? `,"event":${text.replace(/\r?\n/g, ' ')}` : ''}}\n`
}

async function checkPlace(path: string, keepBytes: number | null): Promise<void> {
  const size = await sizeOf(path)
  if (keepBytes === null && size !== null)
    throw new Failure(
      'FILE_EXISTS',
      `Cannot write rejected events to ${path} because it is there: name another with --rejected`,
    )
  try {
    await access(size === null ? dirname(path) : path, constants.W_OK)
  } catch (error) {
    throw new Failure(
      'UNWRITABLE',
      `Cannot write rejected events to ${path} (${(error as Error).message}): name another place with --rejected`,
    )
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch {
    return null
  }
}
