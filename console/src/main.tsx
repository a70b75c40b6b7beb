// The console, in what all of its pages are within.

import '@mantine/core/styles.layer.css'
import '@mantine/notifications/styles.layer.css'
import './console.css'
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { HashRouter } from 'react-router'
import { Failure } from './api.ts'
import { App } from './app.tsx'
import { awaitFirstAnswers } from './first-answers.ts'
import { sessionQuestion } from './questions.ts'
import { theme } from './theme.ts'
import { Speaker } from './words/language.tsx'

// Styles that the libraries add by script carry the number that the policy of the page lets through.
const nonce = document.querySelector<HTMLMetaElement>('meta[name=style-nonce]')?.content ?? ''
Object.assign(globalThis, { __webpack_nonce__: nonce })

/** Whoever is told that the session is over is led to sign in. */
function leave(error: Error): void {
  if (error instanceof Failure && error.code === 'UNAUTHORIZED')
    client.setQueryData(sessionQuestion.queryKey, { role: null, session: null, isOver: true })
}

const client = new QueryClient({
  queryCache: new QueryCache({ onError: leave }),
  mutationCache: new MutationCache({ onError: leave }),
  defaultOptions: {
    queries: {
      retry: (failures, error) =>
        failures < 1 && error instanceof Failure && error.status !== 401 && error.status !== 404,
      retryDelay: 500,
      staleTime: 1_000,
    },
  },
})

// Another tab's choice of light or dark is listened to when the page is there: to begin takes a browser 16 ms.
const kept = localStorageColorSchemeManager()
const listenAfterMs = 3_000
const colorSchemeManager = {
  ...kept,
  subscribe: (...listeners: Parameters<typeof kept.subscribe>) =>
    void setTimeout(() => kept.subscribe(...listeners), listenAfterMs),
}

await awaitFirstAnswers(client)
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={colorSchemeManager}
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={client}>
        <Speaker>
          <Notifications position="bottom-right" />
          <HashRouter>
            <App />
          </HashRouter>
        </Speaker>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
