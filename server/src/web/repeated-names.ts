// Names that are there twice in one object of a body. JSON.parse takes the last of them without a word, so that what was
// sent and what is done could be two things; a query's parameters are refused for the same.

import { shorten } from './parameters.ts'
import type { Problem } from './problem.ts'

/** An object counts its names, an array its places. */
type Open = { names: Map<string, number> | null; at: string | number }

const problemsMax = 100
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/gs

/** @param json text that JSON.parse takes */
export function findRepeatedNames(json: string): Problem[] {
  const problems: Problem[] = []
  const open: Open[] = []
  let text = ''
  for (const [token] of json.matchAll(tokens)) {
    const inner = open.at(-1)
    if (token === '{') open.push({ names: new Map(), at: '' })
    else if (token === '[') open.push({ names: null, at: 0 })
    else if (token === '}' || token === ']') problems.push(...problemsOf(open))
    else if (token === ':') enter(inner, JSON.parse(text) as string)
    else if (token === ',' && typeof inner?.at === 'number') inner.at++
    else text = token
    if (problems.length >= problemsMax) break
  }
  return problems.slice(0, problemsMax)
}

function enter(inner: Open | undefined, name: string): void {
  if (inner?.names == null) return
  inner.names.set(name, (inner.names.get(name) ?? 0) + 1)
  inner.at = name
}

/** Closes the innermost. */
function problemsOf(open: Open[]): Problem[] {
  const { names } = open.pop() as Open
  const repeated = [...(names ?? [])].filter(([, times]) => times > 1)
  return repeated.map(([last, times]) => {
    const name = shorten(pathOf([...open.map(({ at }) => at), last]))
    return { name, message: `${name} was given ${times} times: give it once` }
  })
}

/** `rates[3].currency` */
function pathOf(steps: (string | number)[]): string {
  return steps.map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${step}`)).join('')
}
