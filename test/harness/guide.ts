// A guide of docs/guides as tests read it: its fenced blocks, in their order.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A fenced block: the word behind the fence, and what stands between the fences. */
export type Block = { fence: string; text: string; line: number }

const root = join(import.meta.dirname, '../..')

export function readGuide(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(match => ({
    fence: match[1] as string,
    text: match[2] as string,
    line: markdown.slice(0, match.index).split('\n').length,
  }))
}
