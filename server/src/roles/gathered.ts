// One answer for all who ask the same within a moment. It is asked for when the moment is over, so that it knows of everything
// that was there when any of them asked.

import { setTimeout as sleep } from 'node:timers/promises'

export function gathered<Answer>(ms: number, ask: () => Promise<Answer>): () => Promise<Answer> {
  let next: Promise<Answer> | null = null
  return () => {
    next ??= sleep(ms).then(() => {
      next = null
      return ask()
    })
    return next
  }
}
