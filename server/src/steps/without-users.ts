// Takes persons out of a text that is kept as it was sent: a parked event, or the body of a rejected request, which may
// be anything at all. What is of other persons stays to the letter, and at its place in the list: positions are told of
// elsewhere, and are part of an event's identity.
//
// An event with a usable client_user_id is of that user, as it is when it is stored; another value of it that happens to be
// the same (an amount of 7, and a user 7) says nothing. One without is of whoever is named in it: what the user's key was
// called nobody knows, until it is sent again under the right name.

import { limits, misspelledFields } from '@datapulse/contract'
import { elementsOf, endOfString, membersOf } from './json-parts.ts'
import { rejectedReason, withoutMessages } from './rejection.ts'

export type IsErased = (userId: string) => boolean

/** What is left, perhaps nothing. `taken`: which elements of the list are gone; null where it is the whole. */
export type Remainder = { text: string; taken: number[] | null }

/** Stands in a list where an event was taken out. */
export const erasedElement = '"erased"'

/** null when there is nothing of them in it. */
export function withoutUsers(text: string, isErased: IsErased): Remainder | null {
  const sent = text.startsWith(byteOrderMark) ? text.slice(1) : text
  let value: unknown
  try {
    value = JSON.parse(sent)
  } catch {
    return saysOne(sent, isErased) ? nothingLeft : null
  }
  if (!Array.isArray(value)) return isOfOne(value, sent, isErased) ? nothingLeft : null
  const texts = elementsOf(sent)
  const taken = texts.flatMap((one, i) => (one !== erasedElement && isOfOne(value[i], one, isErased) ? [i] : []))
  if (taken.length === 0) return null
  for (const position of taken) texts[position] = erasedElement
  return { text: `[${texts.join(',')}]`, taken }
}

/** What is kept of a row among what is parked when its text is what is left. */
export function withoutTaken(row: { reason: string; detail: string }, { text, taken }: Remainder) {
  return { raw: text, detail: row.reason === rejectedReason ? withoutMessages(row.detail, taken) : row.detail }
}

/** Of the user under the field's own name or one that was meant for it, the first of several too; or else of any it names. */
function isOfOne(event: unknown, text: string, isErased: IsErased): boolean {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return namesOne(event, isErased)
  const names = new Set([userField, ...meantForUser(event)])
  const members = membersOf(text)
  // Of a repeated key the last counts.
  const hasOwner = idOf((event as Record<string, unknown>)[userField]) !== ''
  return members.some(({ name, value }) => (!hasOwner || names.has(name)) && namesOne(JSON.parse(value), isErased))
}

function meantForUser(event: object): string[] {
  return misspelledFields(event).flatMap(({ sent, expected }) => (expected === userField ? [sent] : []))
}

/** In any value, however deep: without recursion, as it may be very deep. */
function namesOne(value: unknown, isErased: IsErased): boolean {
  const open = [value]
  while (open.length > 0) {
    const one = open.pop()
    if (typeof one === 'object' && one !== null) for (const inner of Object.values(one)) open.push(inner)
    else if (isId(idOf(one)) && isErased(idOf(one))) return true
  }
  return false
}

/** As an id is read: a string, trimmed, or an integer; '' for anything else. */
function idOf(value: unknown): string {
  return typeof value === 'string' || Number.isSafeInteger(value) ? String(value).trim() : ''
}

/** In a text that is not JSON: between two quotes, whichever of them opens, or behind a colon or an equals sign. */
function saysOne(text: string, isErased: IsErased): boolean {
  for (let at = 0; at < text.length; ) {
    const end = endOfString(text, at - 1)
    const id = unescaped(text.slice(at, end)).trim()
    if (isId(id) && isErased(id)) return true
    at = end + 1
  }
  for (const [, id = ''] of text.matchAll(bareValue)) if (isId(id) && isErased(id)) return true
  return false
}

function unescaped(quoted: string): string {
  if (!quoted.includes('\\')) return quoted
  try {
    return JSON.parse(`"${quoted}"`) as string
  } catch {
    return quoted
  }
}

/** No id is longer, and a character is a byte at least: nothing else need be asked for. */
function isId(id: string): boolean {
  return id !== '' && id.length <= limits.idBytesMax
}

const nothingLeft: Remainder = { text: '', taken: null }
const userField = 'client_user_id'
const byteOrderMark = '\ufeff'
const bareValue = /[:=]\s*([^\s,;&{}[\]"']{1,512})/g
