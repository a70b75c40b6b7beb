// The admin API's sessions and viewers: a browser gets a session for a token, in a cookie, and ends it; an admin sees and ends
// all of them, and makes viewers, whose tokens open what only looks.

import { limits } from '../limits.ts'
import { sentField } from './act.ts'
import type { Access, Session, Viewer } from './needs.ts'
import { label, readFields, readQuery, required, text } from './parameters.ts'
import { Refusal } from './problem.ts'
import type { Route } from './routes.ts'
import { iso } from './when.ts'

const none = {}
const nameMax = 100

export function sessionRoutes(access: Access): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/session',
      open: 'anyone',
      async answer({ query, now, caller }) {
        readQuery(query, none, now)
        const session = caller?.session ?? null
        const body = { role: caller?.role ?? null, session: session && showSession(session) }
        return caller === null ? { body, cookie: null } : { body }
      },
    },
    {
      method: 'POST',
      path: '/api/session',
      open: 'token',
      act: {
        name: 'session.open',
        on: ({ caller }) => ({ values: { role: caller?.role } }),
        done: ({ body }) => ({ target: sentField((body as { session?: object }).session, 'id') }),
      },
      async answer({ query, body, now, caller }) {
        readQuery(query, none, now)
        const { name } = readFields(
          body,
          { token: required(text(512), 'it is the admin token, or that of a viewer'), name: label(nameMax) },
          now,
        )
        const { role, tokenHash, address } = caller!
        const wish = { role, tokenHash: tokenHash!, name: caller!.name ?? name, address }
        const { session, secret } = await access.openSession(wish)
        return { status: 201, body: { role, session: showSession(session) }, cookie: secret }
      },
    },
    {
      method: 'DELETE',
      path: '/api/session',
      open: 'viewer',
      act: { name: 'session.close', on: ({ caller }) => ({ target: caller?.session?.id ?? null }) },
      async answer({ query, now, caller }) {
        readQuery(query, none, now)
        if (caller?.session == null) throw new Refusal('NOT_POSSIBLE', 'Who sends a token has no session to end')
        await access.endSession(caller.session.id)
        return { body: { role: null, session: null }, cookie: null }
      },
    },
    {
      method: 'GET',
      path: '/api/sessions',
      open: 'admin',
      async answer({ query, now, adminTokenHash }) {
        readQuery(query, none, now)
        return { body: { sessions: access.listSessions(adminTokenHash).map(showSession) } }
      },
    },
    {
      method: 'DELETE',
      path: '/api/sessions/:id',
      act: { name: 'session.end', on: ({ id }) => ({ target: id }) },
      async answer({ query, id, now, adminTokenHash }) {
        readQuery(query, none, now)
        const session = access.listSessions(adminTokenHash).find(one => one.id === id)
        if (session === undefined) throw new Refusal('NOT_FOUND', 'There is no session of this id')
        await access.endSession(id)
        return { body: showSession(session) }
      },
    },
    ...viewerRoutes(access),
  ]
}

function viewerRoutes(access: Access): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/viewers',
      open: 'admin',
      async answer({ query, now }) {
        readQuery(query, none, now)
        return { body: { viewers: access.listViewers().map(showViewer) } }
      },
    },
    {
      method: 'POST',
      path: '/api/viewers',
      act: {
        name: 'viewer.create',
        on: ({ body }) => ({ values: { name: sentField(body, 'name') } }),
        done: ({ body }) => ({ target: sentField(body, 'id') }),
      },
      async answer({ query, body, now }) {
        readQuery(query, none, now)
        const { name } = readFields(body, { name: required(label(nameMax), 'it says who looks') }, now)
        const made = await access.createViewer(name!)
        if (!made.ok) throw new Refusal('NOT_POSSIBLE', made.problem)
        const { id, ...rest } = showViewer(made.viewer)
        return { status: 201, body: { id, token: made.token, ...rest } }
      },
    },
    {
      method: 'DELETE',
      path: '/api/viewers/:id',
      act: { name: 'viewer.remove', on: ({ id }) => ({ target: id }) },
      async answer({ query, id, now }) {
        readQuery(query, none, now)
        if (!access.listViewers().some(viewer => viewer.id === id))
          throw new Refusal('NOT_FOUND', 'There is no viewer of this id')
        const removed = await access.removeViewer(id)
        if (!removed.ok) throw new Refusal('NOT_POSSIBLE', removed.problem)
        return { body: showViewer(removed.viewer) }
      },
    },
  ]
}

function showSession({ id, role, name, address, createdMs, seenMs }: Session) {
  const endsMs = Math.min(createdMs + limits.sessionMsMax, seenMs + limits.sessionIdleMsMax)
  const [created_at, seen_at, ends_at] = [createdMs, seenMs, endsMs].map(ms => iso(ms))
  return { id, role, name, address, created_at, seen_at, ends_at }
}

function showViewer({ id, name, createdMs, removedMs }: Viewer) {
  return {
    id,
    name,
    created_at: iso(createdMs),
    removed_at: iso(removedMs),
  }
}
