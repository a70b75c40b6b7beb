// Who is not signed in sees that page, and everybody else the shell with the page that the address names: first the product,
// then the page.

import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { Navigate, Route, Routes } from 'react-router'
import Overview from './pages/overview.tsx'
import { noProduct } from './paths.ts'
import { sessionQuestion } from './questions.ts'
import { Shell } from './shell.tsx'
import { SignIn } from './sign-in.tsx'
import { Fault, Loading, Unavailable } from './states.tsx'

const Events = lazy(() => import('./pages/events.tsx'))
const Live = lazy(() => import('./pages/live.tsx'))
const Rejected = lazy(() => import('./pages/rejected.tsx'))
const Reports = lazy(() => import('./pages/reports.tsx'))
const Keys = lazy(() => import('./pages/keys.tsx'))
const TryIt = lazy(() => import('./pages/try-it.tsx'))
const Access = lazy(() => import('./pages/access.tsx'))
const System = lazy(() => import('./pages/system.tsx'))
const Help = lazy(() => import('./pages/help.tsx'))

export function App() {
  const session = useQuery(sessionQuestion)
  if (session.isPending) return <Loading />
  if (session.data === undefined) return <Unavailable error={session.error} retry={() => void session.refetch()} />
  const { role, session: own, isOver } = session.data
  if (role === null) return <SignIn isOver={isOver === true} />
  return (
    <Routes>
      <Route path="/:product" element={<Shell role={role} name={own?.name ?? null} />}>
        <Route path="overview" element={<Page of={Overview} />} />
        <Route path="events" element={<Page of={Events} />} />
        <Route path="live" element={<Page of={Live} />} />
        <Route path="rejected" element={<Page of={Rejected} />} />
        <Route path="reports" element={<Page of={Reports} />} />
        <Route path="keys" element={<Page of={Keys} />} />
        <Route path="system" element={<Page of={System} />} />
        <Route path="try" element={<Page of={TryIt} />} />
        {role === 'admin' && <Route path="access" element={<Page of={Access} />} />}
        <Route path="help" element={<Page of={Help} />} />
        <Route path="*" element={<Navigate to="../overview" replace />} />
        <Route index element={<Navigate to="overview" replace />} />
      </Route>
      <Route path="*" element={<Navigate to={`/${noProduct}/overview`} replace />} />
    </Routes>
  )
}

function Page({ of: Content }: { of: React.ComponentType }) {
  return (
    <Fault>
      <Suspense fallback={<Loading />}>
        <Content />
      </Suspense>
    </Fault>
  )
}
