// Where the API is, as this browser would reach it: what listens everywhere is told by the name that the console was called by.

import { useQuery } from '@tanstack/react-query'
import { standingQuestion } from './questions.ts'

export function useApiAddress(): string {
  const { data: standing } = useQuery({ ...standingQuestion, refetchInterval: false })
  const { host = location.hostname, port = 8080 } = standing?.stages['api'] ?? {}
  const isEverywhere = host === '0.0.0.0' || host === '::'
  const name = isEverywhere ? location.hostname : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}
