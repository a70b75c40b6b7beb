// Tells what was wrong with a request in the reader's language.

import { inert } from './sent-body.ts'
import { useSpeech } from './words/language.tsx'
import { type Said, violationInChinese } from './words/violations.ts'

/** `answered`: the API's own sentence where `told` is another one, which nobody but its reader can match with a partner's log. */
export function useViolations(): (said: Said) => { told: string; answered: string | null } {
  const { language, tell } = useSpeech()
  return said => {
    const told = language === 'en' ? said.message : violationInChinese(said, tell).text
    return { told: inert(told), answered: told === said.message ? null : inert(said.message) }
  }
}
