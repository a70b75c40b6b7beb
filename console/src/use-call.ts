// A call whose answer nobody keeps but the page that made it: a question's or a change's would stay in the library's cache for
// minutes, and what is called here has a secret in it.

import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Failure } from './api.ts'
import { sessionQuestion } from './questions.ts'

export type Called<Answer> = { answer: Answer } | { failure: Error }

export function useCall() {
  const client = useQueryClient()
  const [isPending, setPending] = useState(false)
  const run = async <Answer>(call: () => Promise<Answer>): Promise<Called<Answer>> => {
    setPending(true)
    try {
      return { answer: await call() }
    } catch (caught) {
      if (caught instanceof Failure && caught.code === 'UNAUTHORIZED')
        client.setQueryData(sessionQuestion.queryKey, { role: null, session: null, isOver: true })
      return { failure: caught instanceof Error ? caught : new Error(String(caught)) }
    } finally {
      setPending(false)
    }
  }
  return { run, isPending }
}
