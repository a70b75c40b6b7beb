// What time it is, for what is told as so long ago: it moves on by itself.

import { useEffect, useState } from 'react'

export function useNow(everyMs = 15_000): number {
  const [nowMs, setNowMs] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return nowMs
}
