// What a page shows of the events that come: anew for each question, and only while somebody sees the page.

import { useQueryClient } from '@tanstack/react-query'
import { useDocumentVisibility } from '@mantine/hooks'
import { useEffect, useState } from 'react'
import type { Query } from './paths.ts'
import { nothingWatched, type Watched, watchEvents } from './event-watch.ts'
import { productsQuestion } from './questions.ts'

export function useEvents(query: Query): Watched {
  const client = useQueryClient()
  const isSeen = useDocumentVisibility() === 'visible'
  const asked = JSON.stringify(query)
  const [shown, setShown] = useState({ asked, watched: nothingWatched })
  useEffect(() => {
    if (!isSeen) return
    const ending = new AbortController()
    watchEvents(JSON.parse(asked) as Query, ending.signal, watched => {
      setShown({ asked, watched })
      // Whoever is told elsewhere that the session is over is led to sign in.
      if (watched.failure?.code === 'UNAUTHORIZED') void client.refetchQueries(productsQuestion)
    })
    return () => ending.abort()
  }, [asked, isSeen, client])
  return shown.asked === asked ? shown.watched : nothingWatched
}
