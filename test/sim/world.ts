// A simulated installation: the log (sim-log.ts), the index's disk, the warehouse and accounts, which outlive everything; an api
// and a pipeline role, which die and are started again; partners who try again until they are answered; operators who have
// users erased and decide about conflicts (operators.ts).
// The api is the contract's check and the log's own writer; the pipeline is the real one, over the log's own reader, and
// beside it work the real erasures. Days pass within seconds (`calendar`), so that events outlive their retention.

import { checkBody } from '@datapulse/contract'
import type { ErasingWarehouse, LoadingWarehouse } from '../../server/src/warehouse/load.ts'
import { IndexFault, type IndexPlace } from '../../server/src/pipeline/index/identity-index.ts'
import { openPipelineOver, type Pipeline } from '../../server/src/pipeline/pipeline.ts'
import { openTurns } from '../../server/src/pipeline/turns.ts'
import { type ErasuresAtWork, openErasures } from '../../server/src/roles/erasures.ts'
import { erasedReason, expiredReason } from '../../server/src/steps/erasure.ts'
import { nobodySuppressed } from '../../server/src/steps/suppression.ts'
import { deriveWithout } from '../../server/src/steps/derive.ts'
import { emptyIndexDisk, type IndexDisk, memoryIndexPlace } from '../../server/src/pipeline/testing/memory-index.ts'
import { openMemoryErasing } from '../../server/src/pipeline/testing/memory-erasing.ts'
import { openMemoryResolving } from '../../server/src/pipeline/testing/memory-resolving.ts'
import {
  emptyTables,
  openMemoryWarehouse,
  type Seams,
  type WarehouseTables,
} from '../../server/src/pipeline/testing/memory-warehouse.ts'
import { memoryErasureList, openMemoryAccounts } from './accounts.ts'
import { openClock } from './clock.ts'
import { beginLife, type Chaos, type Life } from './life.ts'
import { actsOfOperators } from './operators.ts'
import { chanceOf } from './prng.ts'
import { openSimLog, type SimLog, type SimLogKind } from './sim-log.ts'
import { type Body, bytesOf, openTraffic, poison } from './traffic.ts'

/** One attempt of a partner: a request that reached the api. */
export type Attempt = { requestId: string; receivedMs: number; body: Body; acknowledged: boolean }

/** What a test breaks on purpose, to see that the simulation notices. */
export type Mutation = {
  place?: (place: IndexPlace) => IndexPlace
  warehouse?: (warehouse: LoadingWarehouse) => LoadingWarehouse
  erasing?: (warehouse: ErasingWarehouse) => ErasingWarehouse
  nobodyIsKeptOut?: boolean
  nothingIsForgotten?: boolean
  acknowledgeAtOnce?: boolean
}

export type World = Awaited<ReturnType<typeof simulate>>

const decidingNames = ['findConflict', 'decide', 'swap', 'done', 'unfinished'] as const
const countingNames = ['countExpired', 'countErased', 'dropRebuilt'] as const
const deletingNames = ['eraseUser', 'blankTexts', 'replaceText', 'deleteExpired', ...countingNames] as const
const requestsMax = 60
const chaosMs = 20_000
const calmMs = 600_000
const dayMs = 86_400_000
/** So long a day takes. */
const dayPassesMs = 5_000

/** Runs one seed: chaos for a while, then calm until everything is processed. */
export async function simulate(seed: number, mutation: Mutation = {}, logKind: SimLogKind = 'disk') {
  const chance = chanceOf(seed)
  const startMs = 1_767_225_600_000
  const clock = openClock(startMs)
  const calendar = () => startMs + Math.floor(((clock.now() - startMs) * dayMs) / dayPassesMs)
  const chaos: Chaos = { death: chance.pick([0, 0.002, 0.01, 0.03]), fault: chance.pick([0, 0.01, 0.05]) }
  const kept = openSimLog(logKind, { clock, chance, chaos })
  const traffic = openTraffic(chance, chance.pick([0, 0, 0.02]))
  const poisonKills = chance.happens(0.5)
  const attempts: Attempt[] = []
  const tallies = { written: 0, unsure: 0 }
  const damagedRequests = new Set<string>()
  const disk = emptyIndexDisk()
  let tables = emptyTables(chance.uuid())
  const retention = () => ({ retentionDays: chance.pick([null, null, 1, 2]) })
  const products = ['shop', 'casino'].map(id => ({ id, createdMs: startMs, ...retention() }))
  const accounts = openMemoryAccounts(products, calendar)
  const erasureList = memoryErasureList()
  let warehouseAway = false
  const bugs: Error[] = []
  const silent = { info() {}, warn() {}, error() {} }

  // The api.
  type Api = { life: Life; writer: Awaited<ReturnType<SimLog['openWriter']>>; rejected: number }
  let api: Api | null = null
  const beginApi = (): void => {
    let end = () => {}
    const life = beginLife(clock, chance, chaos, () => {
      api = null
      end()
      clock.after(chance.between(1, 500), beginApi)
    })
    kept.openWriter(life).then(
      writer => {
        end = writer.end
        if (life.dead) return end()
        api = { life, writer, rejected: 0 }
        void tallyEachSecond(api)
      },
      () => life.die(),
    )
  }
  const tallyEachSecond = async (of: Api): Promise<void> => {
    for (;;) {
      await of.life.sleep(1_000)
      of.writer.tick()
      const events = of.rejected
      if (events === 0) continue
      of.rejected = 0
      const row = { product: 'shop', keyId: 'k', code: 'VALIDATION_ERROR', events, requests: 1 }
      const record = { product: '', keyId: '', mode: 'live' as const, receivedMs: clock.now(), events: 0 }
      const body = Buffer.from(JSON.stringify([row]))
      tallies.unsure += events
      of.writer.append({ ...record, kind: 'tally', requestId: chance.uuid(), body }, fault => {
        if (fault !== null || of.life.dead) return
        tallies.unsure -= events
        tallies.written += events
      })
    }
  }
  const keepRejection = (at: Api, { kind, product, mode, ...body }: Body): void => {
    const head = JSON.stringify({ kind, code: 'VALIDATION_ERROR', refused: null })
    const bytes = Buffer.concat([Buffer.from(`${head}\n`), bytesOf({ kind, product, mode, ...body })])
    const record = { product, keyId: 'k', mode, requestId: chance.uuid(), receivedMs: calendar(), events: 0 }
    at.writer.append({ ...record, kind: 'rejection', body: bytes }, () => {})
  }
  /** What a partner sees of one request: 200, 400, 500, or nothing. */
  const post = (body: Body): Promise<200 | 400 | 500 | null> => {
    const at = api
    if (at === null) return Promise.resolve(null)
    const bytes = bytesOf(body)
    const checked = checkBody(bytes, body.kind, clock.now())
    if (!checked.ok) {
      at.rejected += checked.events
      keepRejection(at, body)
      return Promise.resolve(400)
    }
    const receivedMs = calendar()
    const attempt: Attempt = { requestId: chance.uuid(), receivedMs, body, acknowledged: false }
    attempts.push(attempt)
    const { kind, product, mode, idempotencyKey } = body
    const record = {
      kind,
      product,
      mode,
      ...(idempotencyKey !== undefined && { idempotencyKey }),
      requestId: attempt.requestId,
      keyId: 'k',
      events: checked.events,
      body: bytes,
    }
    return new Promise(resolve => {
      clock.after(300, () => resolve(null))
      if (mutation.acknowledgeAtOnce) attempt.acknowledged = true
      at.writer.append({ ...record, receivedMs }, fault => {
        if (at.life.dead || at.life.point() !== undefined) return
        if (fault !== null) return resolve(500)
        attempt.acknowledged = true
        resolve(200)
      })
    })
  }

  // Partners.
  let posted = 0
  let partnersAtWork = 0
  const partner = async (): Promise<void> => {
    partnersAtWork++
    while (posted < requestsMax && clock.now() < endOfChaos) {
      posted++
      await clock.sleep(chance.between(0, 2_000))
      await send(traffic.nextBody(clock.now()))
    }
    partnersAtWork--
  }
  const send = async (body: Body): Promise<void> => {
    for (let tries = 0; tries < 50; tries++) {
      const status = await post(body)
      if (status === 200 || status === 400) break
      await clock.sleep(chance.between(100, 900))
    }
  }

  // The pipeline.
  let pipeline: Pipeline | null = null
  let pipelineLife: Life | null = null
  let erasures: ErasuresAtWork | null = null
  let whileDown: (() => void) | null = null
  const beginPipeline = (): void => {
    whileDown?.()
    whileDown = null
    const life = beginLife(clock, chance, chaos, () => {
      pipeline = null
      erasures = null
      clock.after(chance.between(100, 3_000), beginPipeline)
    })
    const seam = <T extends object>(target: T, names: readonly (keyof T & string)[], code: string): T =>
      life.seam(target, names, name => Object.assign(new Error(`${code} at ${name}`), { code, retry: true }))
    const reader = kept.openReader(life)
    const log = seam(reader, ['id', 'head', 'oldest', 'read', 'fingerprintBefore', 'consumed'], 'LOG_IO')
    const seams: Seams = {
      onTable: async () => {
        await life.point()
        if (warehouseAway || chance.happens(chaos.fault)) throw away()
      },
      onToken: async () => {
        await life.point()
        if (chance.happens(chaos.fault)) throw away()
      },
      refuses: row => !poisonKills && 'identity' in row && row.raw.includes(poison),
      kills: row => poisonKills && 'identity' in row && row.raw.includes(poison),
    }
    const over = openMemoryWarehouse(tables, seams)
    const { id, lastNote } = over
    const answering =
      <T>(ask: () => Promise<T>) =>
      async () => {
        if (warehouseAway) throw away()
        return ask()
      }
    Object.assign(over, { id: answering(id), lastNote: answering(lastNote) })
    const mutated = mutation.warehouse?.(over) ?? over
    const warehouse = seam(mutated, ['id', 'lastNote', 'load', 'forgetAfter', 'identitiesAfter'], 'WAREHOUSE_AWAY')
    const place = placeWithSeams(mutation.place?.(memoryIndexPlace(disk)) ?? memoryIndexPlace(disk), life)
    const resolving = seam(openMemoryResolving(tables, seams), decidingNames, 'WAREHOUSE_AWAY')
    const suppression = () => (mutation.nobodyIsKeptOut ? nobodySuppressed : accounts.suppression())
    const change = openTurns().run
    const limits = { loadEventsMax: 40, loadBytesMax: 10_000, loadIntervalMs: 200, pollMs: 50 }
    const opened = openPipelineOver({
      ...{ log, warehouse, resolving, place, limits, suppression, change },
      ...{ now: clock.now, logger: silent, sleep: life.sleep },
      derive: deriveWithout,
      salt: () => chance.hex(8),
    })
    pipelineLife = life
    pipeline = opened
    void opened.ended.then(bug => {
      if (bug !== null) bugs.push(bug)
    })
    const erasing = openMemoryErasing(tables, seams)
    const deleting: Pipeline['deleting'] = work =>
      opened.deleting(forget => work(mutation.nothingIsForgotten ? async () => {} : forget))
    openErasures({
      accounts: seam(accounts, ['noteErasure', 'adoptErasures'], 'ACCOUNTS_IO'),
      warehouse: seam(mutation.erasing?.(erasing) ?? erasing, deletingNames, 'WAREHOUSE_AWAY'),
      pipeline: { status: opened.status, deleting },
      change,
      logEnd: async () => (await log.head()).offset,
      logOldestMs: async () => startMs,
      logKeepsMs: dayMs,
      list: seam(erasureList, ['write'], 'LIST_IO'),
      ...{ now: calendar, logger: silent, checkMs: 3_600_000, sleep: life.sleep },
    }).then(
      atWork => {
        erasures = atWork
      },
      () => life.die(),
    )
  }
  const placeWithSeams = (place: IndexPlace, life: Life): IndexPlace => {
    const failure = (name: string) => new IndexFault(`INDEX_IO at ${name}`, { damaged: false })
    const names = ['state', 'find', 'begin', 'commit', 'add', 'replace'] as const
    return { ...place, open: async () => life.seam(await place.open(), names, failure) }
  }

  const isErased = () =>
    erasures?.isBusy() === false && accounts.listErasures().every(erasure => erasure.state !== 'requested')

  // What operators and hardware do.
  const restartPipelineAfter = (change: () => void): void => {
    whileDown = change
    pipelineLife?.die()
  }
  const damageLog = async (): Promise<void> => {
    for (const requestId of await kept.damage()) damagedRequests.add(requestId)
  }
  const misfortunes = [
    () => api?.life.die(),
    () => pipelineLife?.die(),
    () => {
      api?.life.die()
      pipelineLife?.die()
    },
    () => {
      warehouseAway = true
      clock.after(chance.between(100, 5_000), () => (warehouseAway = false))
    },
    () => restartPipelineAfter(() => Object.assign(disk, emptyIndexDisk())),
    () => restartPipelineAfter(() => (disk.damaged = true)),
    () => {
      const backup = structuredClone(disk)
      const before = changesIn(tables)
      const putBack = () => {
        if (isTold(backup, tables, before)) Object.assign(disk, backup)
      }
      clock.after(chance.between(100, 5_000), () => restartPipelineAfter(putBack))
    },
    () => {
      const backup = structuredClone(tables)
      const putBack = () => {
        if (!isTold(disk, backup, changesIn(tables))) return
        tables = backup
        void accounts.askAgain()
      }
      clock.after(chance.between(100, 5_000), () => restartPipelineAfter(putBack))
    },
    () => restartPipelineAfter(() => (tables = emptyTables(chance.uuid()))),
    () => void damageLog(),
  ]
  const endOfChaos = clock.now() + chaosMs
  const misfortuneShare = chance.pick([0, 0.5, 1])
  for (let at = 500; at < chaosMs - 6_000; at += 700) {
    if (chance.happens(misfortuneShare * 0.5)) clock.after(at, chance.pick(misfortunes))
  }
  const acts = actsOfOperators(chance, { accounts, tables: () => tables, pipeline: () => pipeline })
  const actShare = chance.pick([0, 0.3, 1])
  for (let at = 1_000; at < chaosMs; at += 150) {
    if (chance.happens(actShare * 0.5)) clock.after(at, chance.pick(acts))
  }

  beginApi()
  beginPipeline()
  for (let i = 0; i < 4; i++) void partner()
  await clock.run(endOfChaos, () => bugs.length > 0)
  chaos.death = 0
  chaos.fault = 0
  warehouseAway = false
  // Everything that is under way comes to its end, events of users who were erased are sent again, and a last request
  // shows where damage at the end of the log ends.
  let isLast = false
  const finish = async (): Promise<void> => {
    while (partnersAtWork > 0 || !isErased()) await clock.sleep(500)
    for (let i = 0; i < 5; i++) await send(traffic.nextBody(clock.now()))
    for (let i = 0; i < 2; i++) {
      const text = JSON.stringify({
        event_name: 'login',
        client_user_id: 'u',
        timestamp: 1_767_225_600,
        ip_address: '::1',
      })
      while ((await post({ kind: 'event', product: 'shop', mode: 'live', texts: [text] })) !== 200)
        await clock.sleep(500)
    }
    await clock.sleep(4_000)
    isLast = true
  }
  void finish()
  const isOver = () => {
    const status = pipeline?.status()
    const head = api?.writer.status().head.offset
    const isLoaded = status?.state === 'running' && status.checkpointOffset === head
    return bugs.length > 0 || (isLast && isLoaded && isErased())
  }
  const isDone = await clock.run(endOfChaos + calmMs, isOver)
  const status = (pipeline as Pipeline | null)?.status() ?? null
  const logHead = (api as Api | null)?.writer.status().head ?? null
  const suppression = accounts.suppression()
  const erased = await openMemoryErasing(tables).countErased()
  const logged = new Set(await kept.requests())
  return {
    ...{ isDone, bugs, attempts, tallies, damagedRequests, tables, disk, status, logHead },
    ...{ suppression, erased, logged },
  }
}

/** Whether it can be told that index and warehouse are copies of two moments: only loads leave notes (pipeline/recovery.ts). */
function isTold({ checkpoint, pending }: IndexDisk, tables: WarehouseTables, changes: number): boolean {
  const last = tables.notes.at(-1)?.token
  return changes === changesIn(tables) || (checkpoint?.note?.token !== last && pending?.token !== last)
}

/** How much was deleted or decided about. */
function changesIn({ parked, resolutions }: WarehouseTables): number {
  const places = parked.filter(({ row: { reason } }) => reason === erasedReason || reason === expiredReason)
  return places.length + resolutions.length
}

function away(): Error {
  return Object.assign(new Error('the warehouse is away'), { code: 'WAREHOUSE_AWAY', retry: true })
}
