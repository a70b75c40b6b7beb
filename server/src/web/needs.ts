// What the admin API needs of the rest of the server, as types of functions. They are handed in when web is opened;
// web imports no other stage. Everything about keys and products, and `standing`, must work while the warehouse is
// away; the asking functions may throw a fault, and those whose `code` problem.ts knows are answered 503.

import type { DiagnosticsFound, DiagnosticsQuestion } from '../steps/diagnostics.ts'
import type { KeyUsageBucket, KeyUsageQuestion } from '../steps/key-usage.ts'
import type { Totals } from '../warehouse/load.ts'
import type { SystemFound } from './system-found.ts'

/** `retentionDays`: events are deleted so long after their receipt; null or absent: never. */
export type Product = { id: string; createdMs: number; retentionDays?: number | null }

/** Of one user of one product, who is not named. Counts are of events, but `rejectedRequests`. */
export type Erasure = {
  id: string
  product: string
  state: string
  createdMs: number
  erasedMs: number | null
  logUntilMs: number | null
  checkedMs: number | null
  stored: number
  duplicate: number
  parked: number
  rejectedRequests: number
}

/** What is told of a key. Whoever gives one may give more with it; only this is shown. */
export type Key = {
  id: string
  product: string
  name: string
  mode: 'live' | 'test'
  scopes: ('ingest' | 'read')[]
  /** Requests in a rolling minute. */
  rateLimit: number
  /** The secret's first characters. */
  prefix: string
  createdMs: number
  expiresMs: number | null
  revokedMs: number | null
}

export type KeyWish = {
  product: string
  name?: string
  mode?: 'live' | 'test'
  scopes?: ('ingest' | 'read')[]
  rateLimit?: number
  expiresMs?: number | null
}

export type KeyChange = Pick<KeyWish, 'name' | 'scopes' | 'rateLimit' | 'expiresMs'>

/** A wish that cannot be granted, with a sentence for the one who asked. */
export type Refused = { ok: false; problem: string }

export type Accounts = {
  listProducts(): Product[]
  /** `created` is false when it was there. */
  createProduct(name: string): Promise<{ ok: true; product: Product; created: boolean } | Refused>
  updateProduct(id: string, change: { retentionDays: number | null }): Promise<{ ok: true; product: Product } | Refused>
  listErasures(product?: string): Erasure[]
  /** `created` is false when the user was erased before. */
  requestErasure(product: string, user: string): Promise<{ ok: true; erasure: Erasure; created: boolean } | Refused>
  listKeys(product?: string): Key[]
  /** Makes the product if it is new. `secret` is the whole key: it is given this once. */
  createKey(wish: KeyWish): Promise<{ ok: true; key: Key; secret: string } | Refused>
  /** What is absent of the change stays as it is. */
  updateKey(id: string, change: KeyChange): Promise<{ ok: true; key: Key } | Refused>
  /** Revoking twice is not an error. */
  revokeKey(id: string): Promise<{ ok: true; key: Key } | Refused>
  /** Of one that is active. */
  findKey(presentedSecret: string, nowMs: number): Key | null
  /** Unix milliseconds. */
  lastUsed(keyId: string): number | null
}

/** Which rows are asked for; an absent field does not filter. `sinceMs` is included, `untilMs` is not: times of receipt. */
export type Filter = {
  product?: string
  mode?: 'live' | 'test'
  user?: string
  event?: string
  transaction?: string
  click?: string
  message?: string
  /** UUID of a request. */
  request?: string
  sinceMs?: number
  untilMs?: number
}

/** A page of rows, newest first; `cursor` is what an earlier page gave. `raw`: the text as sent is wanted too. */
export type PageQuestion = Filter & { limit: number; cursor?: string; raw?: boolean }

/** `sample`: where there are more than `limit`, so many stand for all of them. */
export type NewEventsQuestion = Filter & {
  limit: number
  after?: string
  last?: number
  raw?: boolean
  sample?: boolean
}
/** `after`: the place behind them; `more`: there are more behind it already; `count`: how many are before it. */
export type NewEvents = { rows: Row[]; after: string; more: boolean; count: number }

export type DuplicatesQuestion = PageQuestion & { conflict?: boolean; resolved?: boolean }

/** A flat object in the words of the wire. Absent text may be `''`; it is shown as null. */
export type Row = Record<string, unknown>

/** `cursor` is null on the last page. */
export type Page = { rows: Row[]; cursor: string | null }

export type CountBy = 'product' | 'mode' | 'event_name' | 'currency' | 'month' | 'day' | 'hour'

/** Without `by`: by product, mode, event name and currency. `clock`: which time is meant, the receipt's by default. */
export type CountsQuestion = Filter & { by?: readonly CountBy[]; clock?: 'received' | 'event'; limit?: number }

/** One group, with what it is counted by. `amount` is an exact sum, decimal text; null without any or not by currency. */
export type CountRow = Row & { events: number; amount: string | null }

/** Refused at the door, summed by product, key and code. `last_at` is ISO 8601. */
export type RejectedRow = Row & { events: number; requests: number; last_at: string }

export type StageName = 'api' | 'log' | 'pipeline' | 'warehouse' | 'accounts' | 'web'

/** One stage's health; `why` says what is wrong when it is not ready. */
export type StageHealth = { ready: boolean; why: string | null; [figure: string]: string | number | boolean | null }

/** Where everything is just now. null means: cannot be known at the moment. */
export type Standing = {
  stages: Partial<Record<StageName, StageHealth>>
  log: { offset: number; events: number; oldestOffset: number; bytes: number; segments: number } | null
  /** How far the log is processed: the last load's `to`, and the events before it. */
  checkpoint: { offset: number; events: number } | null
  lag: { events: number; seconds: number } | null
  disk: { freeBytes: number; usedBytes: number } | null
  totals: (Totals & { erased: number }) | null
  /** Events accepted that are not in the log's running total: in logs before it, or taken away by a roll back. */
  acceptedBefore: number
  /** Events counted as stored that the warehouse does not have. */
  eventsMissing: number | null
}

/** By one of the ids; each id exactly. */
export type ReceiptsQuestion = Partial<
  Record<'product' | 'request' | 'transaction' | 'message' | 'idempotencyKey', string>
> & { mode?: 'live' | 'test' }

/** A month that has rates; times are Unix milliseconds. */
export type RatesMonth = { month: string; currencies: number; generatedMs: number; importedMs: number }

/** Of events received from `fromMs` to before `toMs`; times are Unix milliseconds. */
export type Reprocess = {
  state: string
  fromMs: number
  toMs: number
  startedMs: number
  endedMs: number | null
  events: number
  done: number
  changed: number
  problem: string
}

/** Times are Unix milliseconds; `heldMs`: how long loads waited. */
export type Backup = {
  state: string
  to: string
  warehouse: string
  startedMs: number
  endedMs: number | null
  bytes: number
  done: number
  heldMs: number
  events: number
  queued: number
  problem: string
}

/** One that lies there, or failed. Times are Unix milliseconds; `checkedMs`: every file was compared with its checksum. */
export type BackupThere = {
  to: string
  state: string
  takenMs: number | null
  endedMs: number
  bytes: number
  events: number
  queued: number
  warehouse: string
  program: string | null
  checkedMs: number | null
  problem: string
}

/** Times are Unix milliseconds. `bytes`: to read, and read. */
export type BackupCheck = {
  state: 'checking' | 'whole' | 'damaged'
  from: string
  startedMs: number
  endedMs: number | null
  bytes: number
  done: number
  problem: string
}

/** Days in `timeZone`; `to` is the one behind the last. */
export type ReportQuestion = {
  product: string
  from: string
  to: string
  timeZone?: string
  bucket: 'day' | 'hour' | 'none'
  dimension?: 'click_id' | 'game_type' | 'game_provider'
  /** Of so many values of it only: those with the most deposits, then registrations. */
  dimensionsMax?: number
  converted?: boolean
  receivedBeforeMs?: number
}

/** Counts are numbers, amounts decimal text. */
export type ReportNumbers = { time: string; dimension: string; currency: string; unconverted_count: number } & Record<
  | 'registrations'
  | 'logins'
  | 'active_users'
  | 'ftd_count'
  | 'deposit_count'
  | 'depositors'
  | 'withdraw_count'
  | 'bet_count',
  number
> &
  Record<'ftd_amount' | 'deposit_amount' | 'withdraw_amount' | 'stake' | 'player_result' | 'ggr', string>

type PlainQuestion = Omit<ReportQuestion, 'bucket' | 'dimension' | 'converted'>
/** Of one day. */
type LateNumbers = { day: string; [column: string]: string | number | null }
export type FunnelRow = { click_id: string; registered: number; deposited_once: number; deposited_twice: number }

export type RejectionsQuestion = Pick<Filter, 'product' | 'mode' | 'request' | 'sinceMs' | 'untilMs'> &
  Partial<Record<'key' | 'code' | 'rule' | 'field', string>>

/** A rejected request with its body. */
export type RejectionShown = Row & { raw: string; exact: boolean; violations: object[] }

export type ReplayWish = {
  request: string
  position?: number
  mapping: ReadonlyMap<string, string>
  partial: boolean
  dryRun: boolean
}

/** A request to the public API. */
export type TryWish = { path: string; key: string | null; idempotencyKey: string | null; body: string }

/** What the API answered; `isCut`: its body goes on behind the limit. */
export type Tried = { status: number; headers: Record<string, string>; body: string; isCut: boolean; tookMs: number }

/** `requestId` and `position` are the place of the event that came later. */
export type ConflictWish = { requestId: string; position: number; stands: 'first' | 'later'; reason: string }
export type ConflictDecision = ConflictWish & {
  id: string
  product: string
  mode: 'live' | 'test'
  firstRequestId: string
  firstPosition: number
  decidedMs: number
}

/**
 * The decision, carried out, now or before. `otherwise`: the event stands by that decision, and can only be displaced by
 * the one that stood before it. `none`: there is no such conflict.
 */
export type ConflictAnswer = { resolution: ConflictDecision } | { otherwise: ConflictDecision } | 'none'

/** How a caller came in: with the admin token, or with a session that was made from it. */
export type WayIn = 'token' | 'session'

/** A viewer only looks. */
export type Role = 'admin' | 'viewer'

/** Somebody whose token or session is right. `name`: a viewer's, or what an admin said at the beginning of the session. */
export type Known = {
  way: WayIn
  role: Role
  name: string | null
  session: Session | null
  /** SHA-256 of the token, as hex; null in a session. */
  tokenHash: string | null
  address: string
}

/** What is told of a session; whoever gives one may give more with it. Times are Unix milliseconds. */
export type Session = {
  id: string
  role: Role
  name: string | null
  address: string | null
  createdMs: number
  seenMs: number
}

export type Viewer = { id: string; name: string; createdMs: number; removedMs: number | null }

/** Hashes are SHA-256 as hex. */
export type Access = {
  /** `token` is given this once. */
  createViewer(name: string): Promise<{ ok: true; viewer: Viewer; token: string } | Refused>
  listViewers(): Viewer[]
  /** With the viewer's sessions. Removing twice is not an error. */
  removeViewer(id: string): Promise<{ ok: true; viewer: Viewer } | Refused>
  findViewer(tokenHash: string): Viewer | null
  /** `secret` is given this once. */
  openSession(
    wish: Pick<Session, 'role' | 'name' | 'address'> & { tokenHash: string },
  ): Promise<{ session: Session; secret: string }>
  /** null when it is none, or over. It lasts longer for whom `isAttended`: a person did something. */
  findSession(secret: string, adminTokenHash: string, isAttended: boolean): Session | null
  listSessions(adminTokenHash: string): Session[]
  endSession(id: string): Promise<boolean>
}

/** Who asks for an act. `actor` is who they say they are. */
export type Caller = { way: WayIn | 'none'; address: string | null; actor: string | null }

/** What is told of an act: on what it is done, and the values that matter. Never a secret, nor what must be forgotten. */
export type ActTold = { product?: string | null; target?: string | null; values?: Record<string, unknown> }

export type ActOutcome = ActTold & { outcome: 'done' | 'refused' | 'failed'; code?: string }

/** Times are Unix milliseconds. */
export type AuditEntry = Required<ActTold> &
  Omit<Caller, 'way'> & {
    seq: number
    startedMs: number
    endedMs: number | null
    act: string
    outcome: 'begun' | ActOutcome['outcome']
    code: string | null
    way: string
    hash: string
  }

export type AuditQuestion = Pick<Filter, 'product' | 'sinceMs' | 'untilMs'> & {
  chain: 'acts' | 'attempts'
  act?: string
  limit: number
  /** Entries before this one. */
  before?: number
}

export type Audit = {
  /** Durable when it returns. What it gives is called with how the act ended. Throws when it cannot be recorded. */
  begin(intent: { act: string } & ActTold & Caller): (outcome: ActOutcome) => void
  /** Something that is over: here, attempts with a wrong token. */
  note(chain: 'attempts', entry: { act: string } & ActOutcome & Caller): void
  /** Newest first. */
  list(question: AuditQuestion): AuditEntry[]
  verify(known?: Pick<AuditEntry, 'seq' | 'hash'>): Promise<
    {
      chain: string
      entries: number
      first: number
      last: number
      hash: string
      begun: number
      problem: string | null
    }[]
  >
  written(): number
}

/** A key that nobody has, by its first characters ('' for none) and the sender's address; `*`: further ones. */
export type UnknownKey = { prefix: string; address: string; requests: number; firstMs: number; lastMs: number }

export type WebNeeds = {
  audit: Audit
  access: Access
  readDiagnostics: (question: DiagnosticsQuestion) => Promise<DiagnosticsFound>
  readKeyUsage: (question: KeyUsageQuestion) => Promise<KeyUsageBucket[]>
  /** Of the installation; null when they cannot be asked. */
  listUnknownKeys: (time: { sinceMs: number; untilMs: number }) => Promise<UnknownKey[] | null>
  readReport: (question: ReportQuestion) => Promise<ReportNumbers[]>
  readFunnel: (question: PlainQuestion & { byClick: boolean }) => Promise<FunnelRow[]>
  readLate: (question: PlainQuestion) => Promise<LateNumbers[]>
  /** What days lost by events that came when they were over; with `effect` and the days of these events. */
  readLateEffects: (question: PlainQuestion) => Promise<LateNumbers[]>
  listRejections: (question: RejectionsQuestion & { limit: number; cursor?: string }) => Promise<Page>
  groupRejections: (question: RejectionsQuestion & { limit: number }) => Promise<Row[]>
  /** null when nothing is kept of it. */
  readRejection: (request: string) => Promise<RejectionShown | null>
  /** A report, a sentence why it is not possible, or null when nothing is kept. */
  replay: (wish: ReplayWish) => Promise<object | string | null>
  /** Sends it to the API's own door. `away`: nothing was sent; `silent`: it was, and was not answered in time. */
  tryRequest: (wish: TryWish) => Promise<Tried | 'away' | 'silent'>
  /** `busy` while nothing can be decided, null when nobody can be asked. */
  resolveConflict: (wish: ConflictWish) => Promise<ConflictAnswer | 'busy' | null>
  /** Whether it was begun: false while another one is at work, null when nobody can be asked. */
  startReprocess: (range: { fromMs: number; toMs: number }) => Promise<boolean | null>
  /** The last one since the pipeline started; `away` when it cannot be asked. */
  readReprocess: (question: object) => Promise<Reprocess | null | 'away'>
  /** Begins a backup, or to check one: true, a sentence why not, or null when nobody can be asked. */
  startBackup: (wish: { to: string; check: boolean }) => Promise<true | string | null>
  checkBackup: (wish: { from: string }) => Promise<true | string | null>
  /** Those that are there, the newest first, and the last check since the pipeline started. */
  listBackups: (question: object) => Promise<{ backups: BackupThere[]; check: BackupCheck | null } | 'away'>
  /** The last one since the pipeline started; `away` when it cannot be asked. */
  readBackup: (question: object) => Promise<Backup | null | 'away'>
  /** Takes a month's file; or says all that is wrong with it. */
  importRates: (
    file: unknown,
  ) => Promise<
    { ok: true; month: string; currencies: number } | { ok: false; problems: { name: string; message: string }[] }
  >
  listRates: (question: object) => Promise<RatesMonth[]>
  readRates: (month: string) => Promise<{ currency: string; rate: string }[]>
  accounts: Accounts
  listEvents: (question: PageQuestion) => Promise<Page>
  /** What was stored behind a place, oldest first; without one, the latest before now. */
  newEvents: (question: NewEventsQuestion) => Promise<NewEvents>
  countEvents: (question: CountsQuestion) => Promise<CountRow[]>
  listDuplicates: (question: DuplicatesQuestion) => Promise<Page>
  listParked: (question: PageQuestion & { reason?: string }) => Promise<Page>
  /** What became of each event of a request, or under an id; null when there is none. */
  receipts: (question: ReceiptsQuestion) => Promise<object | null>
  countRejected: (question: Filter) => Promise<RejectedRow[]>
  standing: () => Promise<Standing>
  system: () => Promise<SystemFound>
  /** Prometheus text. */
  metrics(): Promise<string>
}

export type WebLogger = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
