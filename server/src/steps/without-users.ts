// Takes persons out of a text that is kept as it was sent: a parked event, or the body of a rejected request, which may
// be anything at all. What is of other persons stays to the letter.

import { type BodyKind, misspelledFields, readEvents } from '@datapulse/contract'

export type IsErased = (userId: string) => boolean

/** The text without their events, perhaps empty; null when there is nothing of them in it. */
export function withoutUsers(text: string, isErased: IsErased): string | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return namesOne(text, isErased) ? '' : null
  }
  if (!Array.isArray(value)) return isOfOne(value, isErased) ? '' : null
  if (!value.some(one => isOfOne(one, isErased))) return null
  const texts = textsOf(text, 'batch')
  // A list that the door's own reader cannot take apart is not worth keeping in part.
  if (texts.length !== value.length) return ''
  return `[${texts.filter((_, i) => !isOfOne(value[i], isErased)).join(',')}]`
}

function textsOf(text: string, kind: BodyKind): string[] {
  const body = readEvents(Buffer.from(text), kind)
  return body.ok ? Array.from(body.events, event => event.text) : []
}

/** Under the field's own name, or one that was meant for it. */
function isOfOne(event: unknown, isErased: IsErased): boolean {
  if (typeof event !== 'object' || event === null) return false
  const values = event as Record<string, unknown>
  const meant = misspelledFields(values).filter(({ expected }) => expected === userField)
  return [userField, ...meant.map(({ sent }) => sent)].some(name => {
    const id = values[name]
    return typeof id === 'string' || Number.isSafeInteger(id) ? isErased(String(id).trim()) : false
  })
}

/** In a text that is not JSON: whatever looks like the field. */
function namesOne(text: string, isErased: IsErased): boolean {
  for (const [, quoted, bare] of text.matchAll(fieldPattern)) {
    const id = quoted === undefined ? bare : unescaped(quoted)
    if (id !== undefined && isErased(id.trim())) return true
  }
  return false
}

function unescaped(quoted: string): string {
  try {
    return JSON.parse(`"${quoted}"`) as string
  } catch {
    return quoted
  }
}

const userField = 'client_user_id'
const fieldPattern = /"client[_\s-]?user[_\s-]?id"\s*:\s*(?:"((?:[^"\\]|\\.)*)"|(\d+))/gi
