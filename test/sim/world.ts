// A simulated installation: the log's disk, the index's disk and the warehouse, which outlive everything; an api and a
// pipeline, which die and are started again; partners who try again until they are answered.
// The api is the contract's check and the log's own writer; the pipeline is the real one, over the log's own reader.

import { checkBody } from '@datapulse/contract'
import { openLogReaderOver, openLogWriterOver } from '../../server/src/log/log.ts'
import { openMemoryStore } from '../../server/src/log/memory-store.ts'
import type { LoadingWarehouse } from '../../server/src/warehouse/load.ts'
import { IndexFault, type IndexPlace } from '../../server/src/pipeline/index/identity-index.ts'
import { openPipelineOver, type Pipeline } from '../../server/src/pipeline/pipeline.ts'
import { deriveWithout } from '../../server/src/steps/derive.ts'
import { emptyIndexDisk, memoryIndexPlace } from '../../server/src/pipeline/testing/memory-index.ts'
import { emptyTables, openMemoryWarehouse } from '../../server/src/pipeline/testing/memory-warehouse.ts'
import { openClock } from './clock.ts'
import { beginLife, type Chaos, type Life } from './life.ts'
import { chanceOf } from './prng.ts'
import { type Body, bytesOf, openTraffic, poison } from './traffic.ts'

/** One attempt of a partner: a request that reached the api. */
export type Attempt = { requestId: string; body: Body; acknowledged: boolean }

/** What a test breaks on purpose, to see that the simulation notices. */
export type Mutation = {
  place?: (place: IndexPlace) => IndexPlace
  warehouse?: (warehouse: LoadingWarehouse) => LoadingWarehouse
  acknowledgeAtOnce?: boolean
}

export type World = Awaited<ReturnType<typeof simulate>>

const requestsMax = 60
const chaosMs = 20_000
const calmMs = 600_000

/** Runs one seed: chaos for a while, then calm until everything is processed. */
export async function simulate(seed: number, mutation: Mutation = {}) {
  const chance = chanceOf(seed)
  const clock = openClock(1_767_225_600_000)
  const chaos: Chaos = { death: chance.pick([0, 0.002, 0.01, 0.03]), fault: chance.pick([0, 0.01, 0.05]) }
  /** While the simulation itself reads the log. */
  let isLooking = false
  const storeFaults = chance.pick([0, 0.01])
  const store = openMemoryStore({
    now: clock.now,
    fault: () => (!isLooking && chance.happens(chaos.fault === 0 ? 0 : storeFaults) ? 'IO' : null),
  })
  const traffic = openTraffic(chance, chance.pick([0, 0, 0.02]))
  const poisonKills = chance.happens(0.5)
  const attempts: Attempt[] = []
  const tallies = { written: 0, unsure: 0 }
  const damagedRequests = new Set<string>()
  const disk = emptyIndexDisk()
  let tables = emptyTables(chance.uuid())
  let warehouseAway = false
  const bugs: Error[] = []
  const silent = { info() {}, warn() {}, error() {} }

  // The api.
  type Api = { life: Life; writer: ReturnType<typeof openLogWriterOver>; rejected: number }
  let api: Api | null = null
  const beginApi = (): void => {
    const life = beginLife(clock, chance, chaos, () => {
      api = null
      store.crash(() => chance.happens(0.5))
      clock.after(chance.between(1, 500), beginApi)
    })
    try {
      const limits = { commitBytesMax: 1 << 20, commitRecordsMax: 5, pendingBytesMax: 1 << 24, segmentBytesMax: 20_000 }
      const soon = (call: () => void) => void life.sleep(chance.between(0, 4)).then(call)
      const writer = openLogWriterOver({ store, limits, now: clock.now, logger: silent, newId: chance.uuid, soon })
      api = { life, writer, rejected: 0 }
      void tallyEachSecond(api)
    } catch {
      life.die()
    }
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
  /** What a partner sees of one request: 200, 400, 500, or nothing. */
  const post = (body: Body): Promise<200 | 400 | 500 | null> => {
    const at = api
    if (at === null) return Promise.resolve(null)
    const bytes = bytesOf(body)
    const checked = checkBody(bytes, body.kind, clock.now())
    if (!checked.ok) {
      at.rejected += checked.events
      return Promise.resolve(400)
    }
    const attempt: Attempt = { requestId: chance.uuid(), body, acknowledged: false }
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
      at.writer.append({ ...record, receivedMs: clock.now() }, fault => {
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
      await clock.sleep(chance.between(0, 1_000))
      const body = traffic.nextBody(clock.now())
      for (let tries = 0; tries < 50; tries++) {
        const status = await post(body)
        if (status === 200 || status === 400) break
        await clock.sleep(chance.between(100, 900))
      }
    }
    partnersAtWork--
  }

  // The pipeline.
  let pipeline: Pipeline | null = null
  let pipelineLife: Life | null = null
  let whileDown: (() => void) | null = null
  const beginPipeline = (): void => {
    whileDown?.()
    whileDown = null
    const life = beginLife(clock, chance, chaos, () => {
      pipeline = null
      clock.after(chance.between(100, 3_000), beginPipeline)
    })
    const seam = <T extends object>(target: T, names: readonly (keyof T & string)[], code: string): T =>
      life.seam(target, names, name => Object.assign(new Error(`${code} at ${name}`), { code, retry: true }))
    const reader = openLogReaderOver(store, silent)
    const log = seam(reader, ['id', 'head', 'oldest', 'read', 'fingerprintBefore', 'consumed'], 'LOG_IO')
    const over = openMemoryWarehouse(tables, {
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
    })
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
    const limits = { loadEventsMax: 40, loadBytesMax: 10_000, loadIntervalMs: 200, pollMs: 50 }
    const opened = openPipelineOver({
      ...{ log, warehouse, place, limits, now: clock.now, logger: silent, sleep: life.sleep },
      derive: deriveWithout,
      salt: () => chance.hex(8),
    })
    pipelineLife = life
    pipeline = opened
    void opened.ended.then(bug => {
      if (bug !== null) bugs.push(bug)
    })
  }
  const placeWithSeams = (place: IndexPlace, life: Life): IndexPlace => {
    const failure = (name: string) => new IndexFault(`INDEX_IO at ${name}`, { damaged: false })
    const names = ['state', 'find', 'begin', 'commit', 'add'] as const
    return { ...place, open: async () => life.seam(await place.open(), names, failure) }
  }

  // What operators and hardware do.
  const restartPipelineAfter = (change: () => void): void => {
    whileDown = change
    pipelineLife?.die()
  }
  const damageLog = async (): Promise<void> => {
    isLooking = true
    await damageCommit()
    isLooking = false
  }
  const damageCommit = async (): Promise<void> => {
    const reader = openLogReaderOver(store, silent)
    const { offset: end } = await reader.head()
    if (end < 3) return
    const { records } = await reader.read(0, { recordsMax: end, bytesMax: 1 << 30 })
    const hit = records[chance.between(0, records.length - 1)]
    if (hit === undefined) return
    const before = new Set(records.map(({ requestId }) => requestId))
    store.damage(hit.offset, 'body')
    const left = await openLogReaderOver(store, silent).read(0, { recordsMax: end, bytesMax: 1 << 30 })
    for (const { requestId } of left.records) before.delete(requestId)
    for (const requestId of before) damagedRequests.add(requestId)
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
      const putBack = () => Object.assign(disk, backup)
      clock.after(chance.between(100, 5_000), () => restartPipelineAfter(putBack))
    },
    () => {
      const backup = structuredClone(tables)
      clock.after(chance.between(100, 5_000), () => restartPipelineAfter(() => (tables = backup)))
    },
    () => restartPipelineAfter(() => (tables = emptyTables(chance.uuid()))),
    () => void damageLog(),
  ]
  const endOfChaos = clock.now() + chaosMs
  const misfortuneShare = chance.pick([0, 0.5, 1])
  for (let at = 500; at < chaosMs - 6_000; at += 700) {
    if (chance.happens(misfortuneShare * 0.5)) clock.after(at, chance.pick(misfortunes))
  }

  beginApi()
  beginPipeline()
  for (let i = 0; i < 4; i++) void partner()
  await clock.run(endOfChaos, () => bugs.length > 0)
  chaos.death = 0
  chaos.fault = 0
  warehouseAway = false
  // Everything that is under way comes to its end, and a last request shows where damage at the end of the log ends.
  let isLast = false
  const finish = async (): Promise<void> => {
    while (partnersAtWork > 0) await clock.sleep(500)
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
    return bugs.length > 0 || (isLast && status?.state === 'running' && status.checkpointOffset === head)
  }
  const isDone = await clock.run(endOfChaos + calmMs, isOver)
  const status = (pipeline as Pipeline | null)?.status() ?? null
  const logHead = (api as Api | null)?.writer.status().head ?? null
  return { isDone, bugs, attempts, tallies, damagedRequests, tables, disk, status, logHead }
}

function away(): Error {
  return Object.assign(new Error('the warehouse is away'), { code: 'WAREHOUSE_AWAY', retry: true })
}
