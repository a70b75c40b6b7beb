// Who may use the admin port beside whoever has the admin token: viewers, who have a token each and only look, and
// sessions, which a browser has in place of a token. Of tokens and of a session's secret only hashes are kept; both are
// random, so a plain SHA-256 is enough. Every machine of an installation follows within a second.
//
// Documents:
//   viewer    Viewer, one each; one who is removed stays, so that the audit log's names can be told
//   session   all sessions in one document, `all`: at most `sessionsMax`; those that are over go at the next change. They are
//             not part of a backup or a move (accounts-copy.ts, accounts-move.ts): one that was ended must not come back

import { createHash, randomBytes } from 'node:crypto'
import { limits } from '../limits.ts'
import type { Documents } from './documents.ts'

export type Viewer = {
  /** `viewer_` and random characters. */
  id: string
  name: string
  /** SHA-256 of the token, hex. */
  hash: string
  createdMs: number
  removedMs: number | null
}

export type Session = {
  /** `session_` and random characters; no secret. */
  id: string
  /** SHA-256 of the secret, hex. */
  hash: string
  role: 'admin' | 'viewer'
  /** Of the token that it was made from: SHA-256 of its SHA-256, hex. Another admin token ends it. */
  madeFrom: string
  /** Who they said they are, or the viewer's name. */
  name: string | null
  address: string | null
  createdMs: number
  seenMs: number
}

export type SessionWish = Pick<Session, 'role' | 'name' | 'address'> & { tokenHash: string }

type Refused = { ok: false; problem: string }

export type Access = {
  /** `token` is not kept: this is the only time it is told. */
  createViewer(name: string): Promise<{ ok: true; viewer: Viewer; token: string } | Refused>
  listViewers(): Viewer[]
  /** Ends the viewer's sessions too. Removing one who is removed changes nothing. */
  removeViewer(id: string): Promise<{ ok: true; viewer: Viewer } | Refused>
  /** By SHA-256 of the token, hex. */
  findViewer(tokenHash: string): Viewer | null
  /** `secret` is not kept. Beyond the most that there may be, the one that was seen least lately ends. */
  openSession(wish: SessionWish): Promise<{ session: Session; secret: string }>
  /**
   * The session of this secret, unless it is over: by time, by its end, by its token. `adminTokenHash` is today's; only for
   * whom `isAttended` does it last longer.
   */
  findSession(secret: string, adminTokenHash: string, isAttended: boolean): Session | null
  /** Those that are not over, the newest first. */
  listSessions(adminTokenHash: string): Session[]
  /** false when there is none. */
  endSession(id: string): Promise<boolean>
}

const viewerNameCharactersMax = 100

export function accessOver(documents: Documents, now: () => number, warn: (fault: unknown) => void): Access {
  const viewers = () => documents.list<Viewer>('viewer').map(({ value }) => value)
  const sessions = () => documents.get<Session[]>('session', 'all') ?? { value: [], revision: 0 }
  const isOver = ({ createdMs, seenMs }: Session) =>
    now() - seenMs > limits.sessionIdleMsMax || now() - createdMs > limits.sessionMsMax
  const isMadeFrom = ({ role, madeFrom }: Session, adminTokenHash: string) =>
    role === 'admin'
      ? madeFrom === hashOf(adminTokenHash)
      : viewers().some(({ hash, removedMs }) => removedMs === null && hashOf(hash) === madeFrom)

  /** Somebody else may change them at the same time; the loser looks again. */
  const change = async (rewrite: (sessions: Session[]) => Session[]): Promise<void> => {
    for (;;) {
      const { value, revision } = sessions()
      const live = value.filter(session => !isOver(session))
      if (await documents.put('session', 'all', rewrite(live), revision)) return
    }
  }

  const noteSeen = (id: string) => {
    const { value, revision } = sessions()
    const seen = value.map(session => (session.id === id ? { ...session, seenMs: now() } : session))
    documents.put('session', 'all', seen, revision).catch(warn)
  }

  return {
    async createViewer(name) {
      const trimmed = name.trim()
      if (trimmed === '' || trimmed.length > viewerNameCharactersMax || /\p{C}/u.test(trimmed))
        return refused(
          `Cannot make the viewer because its name must be 1 to ${viewerNameCharactersMax} printable characters.`,
        )
      documents.refresh()
      if (viewers().length >= limits.viewersMax)
        return refused(
          `Cannot make the viewer because there may be ${limits.viewersMax} at most, removed ones included.`,
        )
      const token = `dpv_${randomBytes(32).toString('base64url')}`
      const viewer = { id: makeId('viewer'), name: trimmed, hash: hashOf(token), createdMs: now(), removedMs: null }
      await documents.put('viewer', viewer.id, viewer, 0)
      return { ok: true, viewer, token }
    },
    listViewers: () => viewers().sort((a, b) => a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1)),
    async removeViewer(id) {
      documents.refresh()
      for (;;) {
        const found = documents.get<Viewer>('viewer', id)
        if (found === null) return refused('There is no viewer of this id.')
        if (found.value.removedMs !== null) return { ok: true, viewer: found.value }
        const viewer = { ...found.value, removedMs: now() }
        if (!(await documents.put('viewer', id, viewer, found.revision))) continue
        await change(all => all.filter(session => session.madeFrom !== hashOf(viewer.hash)))
        return { ok: true, viewer }
      }
    },
    findViewer: tokenHash => viewers().find(({ hash, removedMs }) => removedMs === null && hash === tokenHash) ?? null,
    async openSession({ tokenHash, ...wish }) {
      const secret = randomBytes(32).toString('base64url')
      const times = { createdMs: now(), seenMs: now() }
      const session = { id: makeId('session'), hash: hashOf(secret), madeFrom: hashOf(tokenHash), ...wish, ...times }
      await change(all => [...all.sort(bySeen).slice(1 - limits.sessionsMax), session])
      return { session, secret }
    },
    findSession(secret, adminTokenHash, isAttended) {
      documents.catchUp()
      const hash = hashOf(secret)
      const session = sessions().value.find(one => one.hash === hash)
      if (session === undefined || isOver(session) || !isMadeFrom(session, adminTokenHash)) return null
      if (isAttended && now() - session.seenMs >= limits.sessionSeenMs) noteSeen(session.id)
      return session
    },
    listSessions: adminTokenHash =>
      sessions()
        .value.filter(session => !isOver(session) && isMadeFrom(session, adminTokenHash))
        .sort((a, b) => b.createdMs - a.createdMs),
    async endSession(id) {
      documents.refresh()
      if (!sessions().value.some(session => session.id === id)) return false
      await change(all => all.filter(session => session.id !== id))
      return true
    },
  }
}

function bySeen(a: Session, b: Session): number {
  return a.seenMs - b.seenMs
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function makeId(kind: string): string {
  return `${kind}_${randomBytes(8).toString('hex')}`
}

function refused(problem: string): Refused {
  return { ok: false, problem }
}
