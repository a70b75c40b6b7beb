// The path of one request through the door, read from top to bottom:
//   route, method, key, limit, headers of the body, (100 Continue), body, decompression, check, append, reply.
// Each step may refuse, and the order of refusals is the contract's: 404, 405, 401, 429, 415, 413, 400. A reply of 200
// leaves only in the log's callback. Each request that was addressed to us is counted once, by what became of it.
//
// The file is long because the order of these steps is one thing, and every step may end the request.
//
// A bug in here ends the request it met, with a 500, and nothing else. A key never leaves here: not in a reply, not in
// a log line.

import { randomUUIDv7 } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type BodyOutcome,
  checkBody,
  checkDryRun,
  checkPartial,
  type PartialOutcome,
  limits as wire,
} from '@datapulse/contract'
import type { LogFault, LogRecord, LogWriter } from '../log/record.ts'
import type { Admission } from './admission.ts'
import type { Answered, Asking } from './asking.ts'
import type { BadKeys } from './bad-keys.ts'
import type { BodyBudget } from './body-budget.ts'
import { BodyReader, type Taken } from './body-reader.ts'
import { limits } from '../limits.ts'
import type { Connections } from './connections.ts'
import type { Decompressor } from './decompress.ts'
import type { Connection, Exchange } from './exchange.ts'
import { hostProblem, idempotencyKeyProblem, keyProblem, transferEncodingProblem } from './head.ts'
import type { Health } from './health.ts'
import type { KeyUsage } from './key-usage.ts'
import type { DoorKey, EndedKey, KeyInUse, KeysInUse } from './keys-in-use.ts'
import type { Latency } from './latency.ts'
import { type PageReply, pageReply, type Pages } from './pages.ts'
import { contentTypeProblem, encodingOf, encodingProblem } from './media.ts'
import type { Proxies } from './proxies.ts'
import type { RejectionHead } from '../steps/rejection.ts'
import { partialRejection, type Rejections } from './rejections.ts'
import { reconciliationQuestion } from './reconciliation-question.ts'
import { receiptsQuestion } from './receipts-question.ts'
import {
  limitRefusal,
  methodRefusal,
  noRoute,
  notAnswered,
  nothingFound,
  scopeRefusal,
  staleRefusal,
  storageRefusal,
  tooLarge,
} from './refusals.ts'
import { acceptedBody, partialBody, type Refusal, refusalBody, statusOf } from './reply.ts'
import { findRoute, type Target } from './route.ts'
import type { Tally } from './tally.ts'
import type { UnknownKeys } from './unknown-keys.ts'

export type IngestNeeds = {
  accounts: {
    findKey(presented: string, nowMs: number): DoorKey | null
    findEnded(presented: string): EndedKey | null
    unseenMs(): number
  }
  log: Pick<LogWriter, 'append'>
  now: () => number
  logger: { error(fields: object, message: string): void }
  admission: Admission
  keys: KeysInUse
  badKeys: BadKeys
  unknownKeys: Pick<UnknownKeys, 'count'>
  proxies: Proxies
  budget: BodyBudget
  decompressor: Decompressor
  connections: Connections
  tally: Tally
  usage: KeyUsage
  latency: Latency
  asking: Asking
  rejections: Rejections
  health: Health
  pages: Pages
}

export class Ingest {
  #needs: IngestNeeds
  #inFlight = 0
  #closing = false
  #whenIdle: (() => void) | null = null

  constructor(needs: IngestNeeds) {
    this.#needs = needs
  }

  /** Takes a request whose headers are there. `expects`: its body comes only after 100 Continue. */
  take(req: IncomingMessage, res: ServerResponse, expects: boolean): void {
    const exchange = this.#open(req, res)
    try {
      const refusal = this.#refusalByHead(exchange, expects)
      if (refusal !== null) this.#refuse(exchange, refusal, expects)
    } catch (bug) {
      this.#contain(exchange, bug)
    }
  }

  /** From here on replies close their connections. Resolves once nothing is in flight. */
  drain(): Promise<void> {
    this.#closing = true
    if (this.#inFlight === 0) return Promise.resolve()
    return new Promise(resolve => {
      this.#whenIdle = resolve
    })
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** The rest of a request will not come: too late, or it is no HTTP. Its reply tells so. */
  giveUp(exchange: Exchange, refusal: Refusal): void {
    exchange.connection.closing = true
    // What the head says comes first, and is looked at once the limit is known.
    if (exchange.admitting) exchange.givenUp = refusal
    else if (exchange.phase === 'reading') this.#reject(exchange, refusal)
    else if (exchange.phase === 'discarding') this.#reject(exchange, exchange.refusal as Refusal)
    else if (exchange.phase === 'lingering') this.#connectionEnd(exchange)
  }

  /** The connection is gone. */
  abandon(exchange: Exchange): void {
    // One that is being worked on is finished by whoever has it.
    if (exchange.phase === 'reading' || exchange.phase === 'discarding') this.#finish(exchange)
    else if (exchange.phase === 'lingering') exchange.phase = 'done'
  }

  #open(req: IncomingMessage, res: ServerResponse): Exchange {
    const connection = req.socket as Connection
    const exchange: Exchange = {
      req,
      res,
      connection,
      requestId: randomUUIDv7(),
      kind: 'event',
      partial: false,
      purpose: 'write',
      key: null,
      phase: 'reading',
      encoding: 'none',
      body: null,
      refusal: null,
      admitting: false,
      givenUp: null,
      discardedBytes: 0,
      last: false,
      receivedMs: this.#needs.now(),
      startedMs: performance.now(),
    }
    connection.exchange = exchange
    connection.unreplied = (connection.unreplied ?? 0) + 1
    this.#inFlight++
    return exchange
  }

  // --- what the request's head already decides

  /** Null when it goes on, now or once the limit is known. */
  #refusalByHead(exchange: Exchange, expects: boolean): Refusal | null {
    const { req } = exchange
    const target = findRoute(req.url as string)
    if (target === null) {
      this.#needs.tally.countAstray()
      return noRoute()
    }
    if (target.route === 'requests' || target.route === 'reconciliation') {
      exchange.purpose = 'read'
      if (req.method !== 'GET') return methodRefusal(req.method, 'GET')
      const what = target.route === 'requests' ? 'read receipts' : 'read the reconciliation'
      const go = () => this.#answerRead(exchange, target)
      return this.#refusalByKey(exchange, 'read', what) ?? this.#admit(exchange, expects, go)
    }
    if (target.route === 'page') return this.#answerPage(exchange, target.path)
    if (!('partial' in target)) return this.#answerHealth(exchange, target.route)
    exchange.kind = target.route
    exchange.partial = target.partial
    if (target.dryRun) exchange.purpose = 'dry run'
    if (req.method !== 'POST') return methodRefusal(req.method, 'POST')
    const go = () => this.#refusalByBodyHeaders(exchange) ?? this.#read(exchange, expects)
    return this.#refusalByKey(exchange, 'ingest', 'send events') ?? this.#admit(exchange, expects, go)
  }

  /** `go` goes on, or says why not: at once, or when the place that limits are shared in has answered. */
  #admit(exchange: Exchange, expects: boolean, go: () => Refusal | null): null {
    const { window, key } = exchange.key as KeyInUse
    exchange.admitting = true
    this.#needs.admission.admit(window, key.rateLimit, ({ admitted, waitMs }) => {
      exchange.admitting = false
      this.#needs.usage.ask(key, exchange.receivedMs, admitted)
      // Meanwhile the client may have gone.
      if (exchange.phase !== 'reading') return
      try {
        const refusal = admitted ? go() : limitRefusal(key.rateLimit, waitMs)
        if (refusal !== null) this.#refuse(exchange, refusal, expects)
        if (exchange.givenUp !== null) this.giveUp(exchange, exchange.givenUp)
      } catch (bug) {
        this.#contain(exchange, bug)
      }
    })
    return null
  }

  /** `what` it takes the scope for. */
  #refusalByKey(exchange: Exchange, scope: 'ingest' | 'read', what: string): Refusal | null {
    const { accounts, keys } = this.#needs
    if (accounts.unseenMs() > limits.accountsStaleMsMax) return staleRefusal()
    const presented = exchange.req.headers['x-api-key'] as string | undefined
    const key = presented === undefined ? null : accounts.findKey(presented, exchange.receivedMs)
    if (key === null) return this.#refuseKey(exchange, presented)
    // Somebody's key, sent to the wrong door: no guess at one, so it does not count towards a flood of them.
    if (!key.scopes.includes(scope)) return scopeRefusal(what, scope, key)
    exchange.key = keys.use(key, exchange.receivedMs)
    return null
  }

  /** Whether the key is unknown or was one is not told, but counted. */
  #refuseKey(exchange: Exchange, presented: string | undefined): Refusal {
    const { accounts, badKeys, unknownKeys } = this.#needs
    const address = this.#addressOf(exchange)
    exchange.last = badKeys.count(address, exchange.receivedMs)
    const refusal: Refusal = { code: 'UNAUTHORIZED', message: keyProblem(exchange.req), events: 1 }
    const known = presented === undefined ? null : accounts.findEnded(presented)
    if (known === null) {
      unknownKeys.count(presented ?? '', address, exchange.receivedMs)
      return refusal
    }
    const { key, ended } = known
    const code = ended === 'revoked' ? 'KEY_REVOKED' : 'KEY_EXPIRED'
    return { ...refusal, countedAs: { product: key.product, keyId: key.id, code } }
  }

  #refusalByBodyHeaders(exchange: Exchange): Refusal | null {
    const { headers } = exchange.req
    const problem = contentTypeProblem(headers['content-type'])
    if (problem !== null) return { code: 'UNSUPPORTED_MEDIA_TYPE', message: problem, events: 1 }
    const encoding = encodingOf(headers['content-encoding'])
    if (encoding === 'unknown') {
      const message = encodingProblem(headers['content-encoding'] as string)
      return { code: 'UNSUPPORTED_MEDIA_TYPE', message, events: 1, headers: ['Accept-Encoding', 'gzip, br, zstd'] }
    }
    exchange.encoding = encoding
    if (Number(headers['content-length'] ?? 0) > wire.bodyBytesMax) return tooLarge()
    const badHead =
      hostProblem(exchange.req) ??
      transferEncodingProblem(headers['transfer-encoding']) ??
      idempotencyKeyProblem(headers['idempotency-key'])
    if (badHead !== null) return { code: 'BAD_REQUEST', message: badHead, events: 1 }
    return null
  }

  /** What is wrong with asking for something that takes no key. */
  #refusalOfReader({ req }: Exchange): Refusal | null {
    if (req.method !== 'GET' && req.method !== 'HEAD') return methodRefusal(req.method, 'GET, HEAD')
    const problem = hostProblem(req)
    return problem === null ? null : { code: 'BAD_REQUEST', message: problem, events: 0 }
  }

  /** Answers, or says why not. */
  #answerPage(exchange: Exchange, path: string): Refusal | null {
    exchange.purpose = 'page'
    const refusal = this.#refusalOfReader(exchange)
    if (refusal !== null) return refusal
    exchange.phase = 'working'
    exchange.req.resume()
    const { pages, logger } = this.#needs
    const replied = pages.page(path).then(page => page && pageReply(page, exchange.req.headers))
    void replied.then(
      reply => {
        if (reply === null) return this.#reject(exchange, noRoute())
        this.#sendPage(exchange, reply)
        this.#finish(exchange)
      },
      (fault: unknown) => {
        logger.error({ fault: stackOf(fault), requestId: exchange.requestId }, 'a page could not be made')
        this.#reject(exchange, notAnswered('page'))
      },
    )
    return null
  }

  /** Answers, or says why not. */
  #answerHealth(exchange: Exchange, route: 'healthz' | 'readyz'): Refusal | null {
    const refusal = this.#refusalOfReader(exchange)
    if (refusal !== null) return refusal
    exchange.phase = 'working'
    exchange.req.resume()
    this.#needs.health.answer(route, this.#closing, (status, body) => {
      this.#send(exchange, status, body, null)
      this.#finish(exchange)
    })
    return null
  }

  /** Answers, or says why not. */
  #answerRead(exchange: Exchange, target: ReadTarget): Refusal | null {
    const problem = hostProblem(exchange.req)
    if (problem !== null) return { code: 'BAD_REQUEST', message: problem, events: 0 }
    const { key } = exchange.key as NonNullable<Exchange['key']>
    const { asking } = this.#needs
    let asked: Promise<Answered>
    if (target.route === 'requests') {
      const question = receiptsQuestion(target, key)
      if ('code' in question) return question
      asked = asking.receipts(question)
    } else {
      const question = reconciliationQuestion(target.query, key)
      if ('code' in question) return question
      asked = asking.reconciliation(question)
    }
    exchange.phase = 'working'
    exchange.req.resume()
    this.#relay(exchange, asked, target.route === 'requests' ? 'receipt' : 'reconciliation', null)
    return null
  }

  /** Replies what another role answers. */
  #relay(exchange: Exchange, asked: Promise<Answered>, what: string, more: readonly string[] | null): void {
    void asked.then(answered => {
      if (exchange.phase === 'done') return
      try {
        if ('fault' in answered) {
          const { requestId } = exchange
          this.#needs.logger.error({ fault: answered.fault, requestId }, `a ${what} could not be answered`)
          this.#reject(exchange, notAnswered(what))
        } else if (answered.answer.equals(nothing)) {
          this.#reject(exchange, nothingFound(what))
        } else {
          this.#send(exchange, 200, answered.answer, more)
          this.#finish(exchange)
        }
      } catch (bug) {
        this.#contain(exchange, bug)
      }
    })
  }

  // --- the body

  #read(exchange: Exchange, expects: boolean): null {
    const { req, res } = exchange
    const length = req.headers['content-length']
    const holder = exchange.key as NonNullable<Exchange['key']>
    exchange.body = new BodyReader(
      this.#needs.budget,
      holder,
      wire.bodyBytesMax,
      length === undefined ? -1 : Number(length),
    )
    this.#listen(exchange)
    if (expects) res.writeContinue()
    return null
  }

  #listen(exchange: Exchange): void {
    const { req } = exchange
    req.on('data', (chunk: Buffer) => {
      try {
        this.#takeChunk(exchange, chunk)
      } catch (bug) {
        this.#contain(exchange, bug)
      }
    })
    req.on('end', () => {
      try {
        this.#endBody(exchange)
      } catch (bug) {
        this.#contain(exchange, bug)
      }
    })
  }

  #takeChunk(exchange: Exchange, chunk: Buffer): void {
    if (exchange.phase === 'reading') {
      const taken = (exchange.body as BodyReader).take(chunk)
      if (taken !== 'more') this.#reject(exchange, this.#bodyRefusal(taken))
      return
    }
    exchange.discardedBytes += chunk.length
    if (exchange.phase === 'discarding' && exchange.discardedBytes > limits.discardBytesMax) {
      this.#reject(exchange, exchange.refusal as Refusal)
    } else if (exchange.phase === 'lingering' && exchange.discardedBytes > limits.lingerBytesMax) {
      this.#connectionEnd(exchange)
    }
  }

  #endBody(exchange: Exchange): void {
    if (exchange.phase === 'discarding') {
      exchange.phase = 'working'
      this.#reject(exchange, exchange.refusal as Refusal)
    } else if (exchange.phase === 'lingering') {
      this.#connectionEnd(exchange)
    } else if (exchange.phase === 'reading') {
      exchange.phase = 'working'
      if (exchange.encoding === 'none') this.#judge(exchange)
      else this.#decompress(exchange, exchange.encoding)
    }
  }

  #decompress(exchange: Exchange, encoding: 'gzip' | 'br' | 'zstd'): void {
    const received = exchange.body as BodyReader
    const holder = exchange.key as NonNullable<Exchange['key']>
    this.#needs.decompressor.run(received.bytes, encoding, holder, result => {
      try {
        if (result.fault === null) {
          exchange.body = result.body
          received.release()
          this.#judge(exchange)
        } else if (result.fault === 'damaged') {
          const message = `The body does not decompress as ${encoding}, which Content-Encoding says it is${encoding === 'zstd' ? '; its window must be at most 8 MiB' : ''}`
          this.#reject(exchange, { code: 'BAD_REQUEST', message, events: 1 })
        } else {
          this.#reject(exchange, this.#bodyRefusal(result.fault))
        }
      } catch (bug) {
        this.#contain(exchange, bug)
      }
    })
  }

  #bodyRefusal(taken: Exclude<Taken, 'more'>): Refusal {
    if (taken === 'large') return tooLarge()
    const whose = taken === 'share' ? 'as many bodies of this key as one key may have' : 'as many bodies as it can'
    const message = `The server holds ${whose}: send again in a second`
    return { code: 'OVERLOADED', message, events: 1, headers: ['Retry-After', '1'] }
  }

  // --- the check, the log, the reply

  #judge(exchange: Exchange): void {
    const bytes = (exchange.body as BodyReader).bytes
    if (exchange.purpose === 'dry run')
      return this.#judgeDryRun(exchange, checkDryRun(bytes, exchange.kind, exchange.receivedMs), bytes)
    if (exchange.partial) return this.#judgePartial(exchange, checkPartial(bytes, exchange.receivedMs), bytes)
    const outcome = checkBody(bytes, exchange.kind, exchange.receivedMs)
    if (!outcome.ok) this.#rejectBody(exchange, outcome, bytes)
    else this.#append(exchange, this.#recordOf(exchange, outcome.events, bytes), outcome.events, null)
  }

  /** Of a batch the good events go to the log, as a batch of their own that knows where they stood. */
  #judgePartial(exchange: Exchange, outcome: PartialOutcome, bytes: Buffer): void {
    if (!outcome.ok) {
      this.#rejectBody(exchange, outcome, bytes)
      return
    }
    const { events, errors, kept, positions } = outcome
    const record = this.#recordOf(exchange, events, kept ?? bytes)
    if (positions !== null) record.positions = positions
    if (errors.length > 0) this.#keepRejection(exchange, partialRejection(errors), bytes)
    this.#append(exchange, record, events + errors.length, partialBody(exchange.requestId, events, errors))
  }

  /** Echoed by another role, with what is derived; it leaves no trace. */
  #judgeDryRun(exchange: Exchange, outcome: PartialOutcome, bytes: Buffer): void {
    if (!outcome.ok) {
      this.#reject(exchange, outcome)
      return
    }
    const { key } = exchange.key as NonNullable<Exchange['key']>
    const { kept, positions, errors } = outcome
    const { kind, requestId, receivedMs } = exchange
    const question = { kind, requestId, keyPrefix: key.prefix, receivedMs, positions, errors }
    const asked = this.#needs.asking.dryRun(question, kept ?? bytes)
    this.#relay(exchange, asked, 'dry run', ['X-Ingest-Mode', 'dryrun'])
  }

  #rejectBody(exchange: Exchange, outcome: Extract<BodyOutcome, { ok: false }>, bytes: Buffer): void {
    this.#reject(exchange, outcome)
    this.#keepRejection(exchange, { ...outcome, refused: null }, bytes)
  }

  #keepRejection(exchange: Exchange, told: Omit<RejectionHead, 'kind' | 'address'>, bytes: Buffer): void {
    const { code, message, violations, violationsTotal, refused } = told
    const { kind: _kind, events: _events, body: _body, ...whose } = this.#recordOf(exchange, 0, bytes)
    const address = this.#addressOf(exchange)
    const head = { kind: exchange.kind, code, message, violations, violationsTotal, refused, address }
    this.#needs.rejections.keep(whose, head, bytes)
  }

  #addressOf({ connection, req }: Exchange): string {
    const forwarded = req.headers['x-forwarded-for'] as string | undefined
    return this.#needs.proxies.addressOf(connection.remoteAddress ?? '', forwarded)
  }

  #recordOf(exchange: Exchange, events: number, body: Uint8Array): LogRecord {
    const { key } = exchange.key as NonNullable<Exchange['key']>
    const record: LogRecord = {
      kind: exchange.kind,
      requestId: exchange.requestId,
      product: key.product,
      keyId: key.id,
      mode: key.mode,
      receivedMs: exchange.receivedMs,
      events,
      body,
    }
    const idempotencyKey = exchange.req.headers['idempotency-key'] as string | undefined
    if (idempotencyKey !== undefined && idempotencyKey !== '') record.idempotencyKey = idempotencyKey
    return record
  }

  /** `received`: events of the request, those that are not in the record among them; `partial` is the reply to such a one. */
  #append(exchange: Exchange, record: LogRecord, received: number, partial: Buffer | null): void {
    this.#needs.tally.receive(received)
    const settle = (fault: LogFault | null) => this.#settle(exchange, record.events, received, partial, fault)
    try {
      this.#needs.log.append(record, settle)
    } catch (bug) {
      this.#needs.logger.error({ fault: stackOf(bug), requestId: exchange.requestId }, 'the log threw')
      settle({ code: 'LOG_IO', message: 'the log threw', retryAfterSeconds: 1 })
    }
  }

  /** The log has answered. What throws here is a bug in the reply; the events are as durable as the log said. */
  #settle(exchange: Exchange, events: number, received: number, partial: Buffer | null, fault: LogFault | null): void {
    if (exchange.phase === 'done') return
    const { tally, usage } = this.#needs
    const key = exchange.key?.key
    try {
      if (fault === null) {
        tally.accept(events)
        if (key !== undefined) usage.accept(key, events)
        if (received > events) tally.reject(key?.product ?? '', key?.id ?? '', 'VALIDATION_ERROR', received - events)
        this.#send(exchange, 200, partial ?? acceptedBody(exchange.requestId, events), null)
      } else {
        const refusal = storageRefusal(fault, received)
        tally.reject(key?.product ?? '', key?.id ?? '', refusal.code, received)
        if (key !== undefined) usage.reject(key)
        this.#send(exchange, statusOf(refusal.code), refusalBody(refusal, exchange.requestId), refusal.headers ?? null)
      }
      this.#finish(exchange)
    } catch (bug) {
      this.#needs.logger.error({ fault: stackOf(bug), requestId: exchange.requestId }, 'a reply could not be sent')
      this.#finish(exchange)
      exchange.connection.destroy()
    }
  }

  // --- refusals

  /** Refuses before the body was read. A small body is read first, so that the connection can go on. */
  #refuse(exchange: Exchange, refusal: Refusal, expects: boolean): void {
    exchange.refusal = refusal
    exchange.phase = 'discarding'
    this.#listen(exchange)
    const length = Number(exchange.req.headers['content-length'] ?? 0)
    if (expects || length > limits.discardBytesMax) this.#reject(exchange, refusal)
  }

  /** Replies with a refusal and counts it. */
  #reject(exchange: Exchange, refusal: Refusal): void {
    const { connections, tally, usage } = this.#needs
    const key = exchange.key?.key
    if (
      refusal.code === 'NOT_FOUND' ||
      refusal.code === 'METHOD_NOT_ALLOWED' ||
      refusal.events === 0 ||
      exchange.purpose !== 'write'
    ) {
      tally.countCode(refusal.code)
    } else {
      tally.receive(refusal.events)
      tally.reject(key?.product ?? '', key?.id ?? '', refusal.code, refusal.events, refusal.countedAs)
      if (key !== undefined && refusal.code !== 'RATE_LIMITED') usage.reject(key)
    }
    const body = refusalBody(refusal, exchange.requestId)
    // While the body is still coming the reply is sent whole, but not ended: ending it would close the connection
    // under the client's feet, and a reset would swallow what it has not read yet.
    const unread = exchange.phase === 'reading' || exchange.phase === 'discarding'
    if (unread) exchange.last = true
    this.#send(exchange, statusOf(refusal.code), body, refusal.headers ?? null, unread)
    this.#finish(exchange)
    if (!unread) return
    exchange.phase = 'lingering'
    connections.linger(exchange)
  }

  #contain(exchange: Exchange, bug: unknown): void {
    this.#needs.logger.error({ fault: stackOf(bug), requestId: exchange.requestId }, 'a request met a bug')
    if (exchange.phase === 'done' || exchange.phase === 'lingering' || exchange.res.headersSent) {
      if (exchange.phase !== 'done') this.#finish(exchange)
      exchange.connection.destroy()
      return
    }
    const message = 'Something failed on our side: send again, waiting longer each time'
    this.#reject(exchange, { code: 'INTERNAL_ERROR', message, events: 1 })
  }

  // --- the reply on the wire

  /** The text of a 200 is ASCII. */
  #send(exchange: Exchange, status: number, body: string | Buffer, more: readonly string[] | null, open = false): void {
    const { res, key } = exchange
    if (res.destroyed) return
    const headers = [
      'Content-Type',
      'application/json',
      'Content-Length',
      String(status === 200 ? body.length : Buffer.byteLength(body)),
      'X-Request-Id',
      exchange.requestId,
    ]
    if (key !== null) {
      const { remaining, resetMs } = this.#needs.admission.standing(key.window, key.key.rateLimit)
      this.#needs.usage.see(key.key, key.key.rateLimit - remaining)
      // A slot of a large limit can stay a little longer than the window that the policy names.
      const resetSeconds = Math.min(wire.rateWindowMs / 1000, Math.ceil(resetMs / 1000))
      headers.push('RateLimit-Policy', key.policy, 'RateLimit', `"default";r=${remaining};t=${resetSeconds}`)
    }
    if (more !== null) headers.push(...more)
    if (exchange.last || this.#closing || exchange.connection.closing === true) headers.push('Connection', 'close')
    res.writeHead(status, headers)
    if (open) res.write(body)
    else if (status === 200 && typeof body === 'string') res.end(body, 'latin1')
    else res.end(body)
  }

  #sendPage(exchange: Exchange, { status, headers, body }: PageReply): void {
    const { res, requestId } = exchange
    if (res.destroyed) return
    const last = this.#closing || exchange.connection.closing === true ? ['Connection', 'close'] : []
    const length = status === 304 ? [] : ['Content-Length', String(body.length)]
    res.writeHead(status, [...headers, ...length, 'X-Request-Id', requestId, ...last])
    res.end(body)
  }

  #finish(exchange: Exchange): void {
    exchange.body?.release()
    exchange.phase = 'done'
    exchange.connection.unreplied = (exchange.connection.unreplied ?? 1) - 1
    // The first page waits until all are made, which says nothing of how events fare.
    if (exchange.purpose !== 'page') this.#needs.latency.observe(performance.now() - exchange.startedMs)
    this.#inFlight--
    if (this.#inFlight === 0) this.#whenIdle?.()
  }

  #connectionEnd(exchange: Exchange): void {
    exchange.phase = 'done'
    this.#needs.connections.lingered(exchange)
    exchange.res.end()
  }
}

type ReadTarget = Extract<Target, { route: 'requests' | 'reconciliation' }>

/** The answer about what is not there. */
const nothing = Buffer.from('null')

function stackOf(bug: unknown): string {
  return bug instanceof Error ? (bug.stack ?? bug.message) : String(bug)
}
