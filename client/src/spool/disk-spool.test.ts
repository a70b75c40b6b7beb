// Events on a disk: synced before `track` resolves, sent now or by the next client on the same directory, each once, whatever
// the disk and the server do meanwhile. (test/system/client.test.ts kills the process.)

import assert from 'node:assert/strict'
import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { DataPulseError } from '../error.ts'
import { type Notice, safely } from '../notice.ts'
import { readOptions } from '../options.ts'
import type { OpenSpool } from '../outbox.ts'
import { Sender } from '../sender.ts'
import { diskSpool } from '../spool.ts'
import { FakeServer } from '../testing/fake-server.ts'
import { realWorld } from '../world.ts'
import { DiskSpool } from './disk-spool.ts'
import { encodeLine, segmentHeader, segmentName } from './segment.ts'
import type { Disk } from './segment-file.ts'

const root = mkdtempSync(join(tmpdir(), 'datapulse-spool-'))
after(() => rmSync(root, { recursive: true, force: true }))
let directories = 0

const login = (n: number, more: object = {}) => {
  const day = { client_user_id: 'u1', timestamp: 1_702_963_200, ip_address: '203.0.113.1' }
  return { event_name: 'login', ...day, n, ...more }
}

type Setting = {
  directory?: string
  server?: FakeServer
  disk?: Disk
  bytesMax?: number
  memory?: object
  batch?: object
}

function open(setting: Setting = {}) {
  const { directory = join(root, `spool-${++directories}`, 'below'), server = new FakeServer(), disk } = setting
  const { bytesMax = 1024 ** 3, memory = {}, batch = { ms: 1 } } = setting
  const notices: Notice[] = []
  const settings = readOptions({
    ...{ url: 'http://127.0.0.1:1', key: 'k', batch, memory },
    backoff: { baseMs: 1, maxMs: 5 },
  })
  const spool: OpenSpool = needs => new DiskSpool({ directory, bytesMax }, needs, disk)
  const tell = safely(notice => notices.push(notice))
  const sender = new Sender(settings, spool, { ...realWorld, fetch: server.fetch }, tell)
  return { directory, server, sender, notices }
}

const away = (count = 1_000) => Array.from({ length: count }, () => ({ drop: 'before' as const }))
const files = (directory: string) => readdirSync(directory).filter(name => name.endsWith('.spool'))

describe('a spool', () => {
  it('has the event on the disk when track resolves, though no server is there; the outcome follows', async () => {
    const { directory, server, sender } = open()
    server.stumbles.push(...away())
    const tracked = await sender.track(login(7))
    assert.deepEqual([tracked.status, tracked.requestId], ['spooled', null])
    assert.match(tracked.messageId ?? '', /^[0-9a-f-]{36}$/)
    const [file = ''] = files(directory)
    assert.ok(readFileSync(join(directory, file), 'utf8').includes(`"message_id":"${tracked.messageId}"`))
    assert.equal(server.taken.size, 0)
    server.stumbles.length = 0
    assert.deepEqual(await tracked.outcome, { status: 'accepted', requestId: 'r1' })
    await sender.close(30_000)
    assert.deepEqual(files(directory), [], 'nothing is left')
  })

  it('gives an outcome that is asked for late', async () => {
    const { sender } = open()
    const tracked = await sender.track(login(1))
    await sender.flush(30_000)
    assert.equal((await tracked.outcome).status, 'accepted')
    await sender.close(30_000)
  })

  it('keeps what was not sent, and the next client on the directory sends it, in order, with the same ids', async () => {
    const first = open()
    first.server.stumbles.push(...away())
    const all = await Promise.all(Array.from({ length: 50 }, (_, n) => first.sender.track(login(n))))
    assert.deepEqual(await first.sender.close(1), { kept: 50 })
    assert.deepEqual(await all[0]?.outcome, { status: 'kept' })
    const { sender, server, notices } = open({ directory: first.directory })
    await sender.flush(30_000)
    assert.deepEqual(server.sent('n'), Array.from(Array(50).keys()))
    assert.deepEqual(
      server.sent('message_id'),
      all.map(({ messageId }) => messageId),
    )
    assert.ok(notices.some(({ message }) => message === 'the spool is open: 50 events wait in it'))
    const { tracked, accepted } = sender.totals
    assert.deepEqual([tracked, accepted, sender.pending()], [50, 50, 0])
    await sender.close(30_000)
  })

  it('does not send again what had its outcome', async () => {
    const first = open({ batch: { events: 10, ms: 1 } })
    await Promise.all(Array.from({ length: 30 }, (_, n) => first.sender.track(login(n))))
    await first.sender.flush(30_000)
    first.server.stumbles.push(...away())
    await first.sender.track(login(30))
    await first.sender.close(1)
    const { sender, server } = open({ directory: first.directory })
    await sender.flush(30_000)
    assert.deepEqual(server.sent('n'), [30])
    await sender.close(30_000)
  })

  it('goes through many files, one in memory at a time, and deletes each when it is done', async () => {
    const first = open()
    first.server.stumbles.push(...away(100_000))
    const text = 'x'.repeat(60_000)
    await Promise.all(Array.from({ length: 200 }, (_, n) => first.sender.track(login(n, { text }))))
    assert.equal(files(first.directory).length, 3)
    await first.sender.close(1)
    const { sender, server, directory } = open({ directory: first.directory })
    await Promise.all(Array.from({ length: 100 }, (_, n) => sender.track(login(200 + n, { text }))))
    await sender.flush(30_000)
    assert.deepEqual(server.sent('n'), Array.from(Array(300).keys()))
    await sender.close(30_000)
    assert.ok(files(directory).length <= 1)
  })

  it('makes track wait when it has as much as it may, and drops nothing', async () => {
    const { server, sender, notices } = open({ bytesMax: 5_000_000, batch: { events: 20, ms: 1 } })
    let release = () => {}
    server.stumbles.push({ hold: new Promise<void>(resolve => (release = resolve)) })
    let spooled = 0
    const all = Array.from({ length: 300 }, async (_, n) => {
      await sender.track(login(n, { text: 'x'.repeat(60_000) }))
      spooled++
    })
    while (!notices.some(({ type }) => type === 'full')) await new Promise(resolve => setImmediate(resolve))
    assert.ok(spooled < 120, `${spooled} of 18 MB are in a spool of 5 MB`)
    release()
    await Promise.all(all)
    await sender.flush(30_000)
    assert.deepEqual(server.sent('n'), Array.from(Array(300).keys()))
    await sender.close(30_000)
  })

  it('writes down what the server rejects, with what is wrong', async () => {
    const { directory, sender, notices } = open()
    const future = login(1, { timestamp: Date.now() + 72 * 60 * 60 * 1000 })
    const [bad, good] = await Promise.all([sender.track(future), sender.track(login(2))])
    const outcome = await bad.outcome
    assert.ok(outcome.status === 'rejected')
    assert.equal(outcome.violations[0]?.rule, 'future')
    assert.equal((await good.outcome).status, 'accepted')
    const line = JSON.parse(readFileSync(join(directory, 'rejected.ndjson'), 'utf8'))
    assert.deepEqual([line.event.n, line.violations[0].rule, line.event.message_id], [1, 'future', bad.messageId])
    assert.ok(notices.some(({ type }) => type === 'rejected'))
    assert.deepEqual(await sender.close(30_000), { kept: 0 })
  })

  it('keeps everything while the server refuses the key, says so to who flushes, and goes on when it no longer does', async () => {
    const { server, sender, notices } = open()
    server.stumbles.push({ status: 401 }, { status: 401 })
    const tracked = await sender.track(login(1))
    while (server.seen.length === 0) await new Promise(resolve => setImmediate(resolve))
    await assert.rejects(sender.flush(30_000), { code: 'REFUSED', status: 401 })
    assert.ok(notices.some(notice => notice.type === 'refused' && notice.waitMs !== null))
    await sender.flush(30_000)
    assert.equal((await tracked.outcome).status, 'accepted')
    await sender.close(30_000)
  })

  it('keeps an event that something in between lets through not even alone, says so, and sends what comes behind it', async () => {
    const { directory, server, sender, notices } = open()
    server.gatewayBytesMax = 600
    const large = await sender.track(login(0, { text: 'x'.repeat(1_000) }))
    const others = await Promise.all(Array.from({ length: 9 }, (_, n) => sender.track(login(n + 1))))
    for (const { outcome } of others) assert.equal((await outcome).status, 'accepted')
    await assert.rejects(sender.flush(30_000), { code: 'REFUSED', status: 413 })
    assert.ok(notices.some(notice => notice.type === 'refused' && notice.status === 413 && notice.waitMs !== null))
    assert.deepEqual(await sender.close(1), { kept: 1 })
    assert.deepEqual(await large.outcome, { status: 'kept' })
    assert.ok(!readdirSync(directory).includes('rejected.ndjson'))
    const next = open({ directory })
    await next.sender.flush(30_000)
    assert.ok(next.server.sent('n').includes(0))
    assert.deepEqual(await next.sender.close(30_000), { kept: 0 })
  })
})

describe('the directory of a spool', () => {
  it('is of one client at a time', async () => {
    const first = open()
    await first.sender.track(login(1))
    const second = open({ directory: first.directory })
    await assert.rejects(second.sender.track(login(2)), { code: 'SPOOL', message: /because another process has it$/ })
    await second.sender.close(1)
    await first.sender.close(30_000)
    const third = open({ directory: first.directory })
    await third.sender.track(login(3))
    await third.sender.close(30_000)
  })

  it('is not held by a lock whose process is gone, and one of many at once gets it', async () => {
    const { directory, sender } = open()
    await sender.track(login(1))
    await sender.close(30_000)
    const server = createServer()
    await new Promise<void>(resolve => server.listen(join(directory, 'lock.9'), resolve))
    // The name stays, as after a kill: what listened is gone.
    const stale = await openFile(join(directory, 'lock.9'), 'r').catch((cause: NodeJS.ErrnoException) => cause.code)
    assert.equal(stale, 'ENXIO', 'it is a socket')
    const many = Array.from({ length: 8 }, () => open({ directory }).sender)
    const whileHeld = await Promise.allSettled(many.map(each => each.track(login(2))))
    assert.ok(whileHeld.every(({ status }) => status === 'rejected'))
    linkSync(join(directory, 'lock.9'), join(directory, 'lock.10'))
    await new Promise(resolve => server.close(resolve))
    const again = Array.from({ length: 8 }, () => open({ directory }).sender)
    const results = await Promise.allSettled(again.map(each => each.track(login(3))))
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    await Promise.all([...many, ...again].map(each => each.close(30_000)))
  })

  it('that cannot be one is said so', async () => {
    const file = join(root, 'a-file')
    writeFileSync(file, '')
    const { sender } = open({ directory: join(file, 'below') })
    await assert.rejects(sender.track(login(1)), { code: 'SPOOL', message: /^Cannot open the spool .*ENOTDIR/ })
    await assert.rejects(sender.flush(1_000), { code: 'SPOOL' })
    assert.deepEqual(await sender.close(1), { kept: 0 })
    assert.throws(() => diskSpool({ directory: '' }), { code: 'BAD_OPTION' })
    assert.throws(() => diskSpool({ directory: file, bytesMax: 1_000 }), { code: 'BAD_OPTION' })
  })

  it('may have a long path', async () => {
    const { sender } = open({ directory: join(root, 'x'.repeat(200)) })
    await sender.track(login(1))
    await sender.close(30_000)
  })

  it('of a newer version is left as it is', async () => {
    const { directory, sender } = open()
    await sender.track(login(1))
    await sender.close(30_000)
    writeFileSync(join(directory, segmentName(5)), 'datapulse-spool 2\nwhatever')
    const { sender: second } = open({ directory })
    await assert.rejects(second.track(login(2)), { code: 'SPOOL', message: /a newer version of the client/ })
    assert.ok(files(directory).includes(segmentName(5)))
    await second.close(1)
  })

  it('with a line cut off, and one damaged: the others are sent, the damage is told, and the file is kept', async () => {
    const { directory, sender } = open()
    await sender.track(login(0))
    await sender.close(30_000)
    const lines = [10, 11, 12, 13].map(seq =>
      encodeLine({ seq, text: JSON.stringify(login(seq, { message_id: `m${seq}` })) }),
    )
    const cut = encodeLine({ seq: 14, text: '{}' }).slice(0, -3)
    const damaged = lines.join('').replace('"n":11', '"n":99')
    writeFileSync(join(directory, segmentName(5)), `${segmentHeader.toString()}${damaged}${cut}`)
    const second = open({ directory })
    await second.sender.flush(30_000)
    assert.deepEqual(second.server.sent('n'), [10, 12, 13])
    const told = second.notices.find(notice => notice.type === 'spool' && notice.what === 'damaged')
    assert.match(told?.message ?? '', /^1 lines of the spool are damaged/)
    await second.sender.close(30_000)
    assert.deepEqual(files(directory), [`damaged-${segmentName(5)}`])
  })
})

describe('a disk', () => {
  it('has synced the file, and the name of a new one, before track resolves', async () => {
    const synced: string[] = []
    const disk: Disk = {
      async open(path, flags, mode) {
        const file = await openFile(path, flags, mode)
        const { datasync, sync } = file
        const noted = (how: () => Promise<void>) => async () => {
          await how.call(file)
          // Later than anything that does not wait for it.
          for (let turns = 0; turns < 20; turns++) await new Promise(resolve => setImmediate(resolve))
          synced.push(basename(path))
        }
        file.datasync = noted(datasync)
        file.sync = noted(sync)
        return file
      },
    }
    const { directory, sender } = open({ disk })
    await sender.flush(30_000)
    synced.length = 0
    await sender.track(login(1))
    assert.deepEqual(synced, [segmentName(1), basename(directory), segmentName(1)], 'the header, its name, the event')
    await sender.track(login(2))
    assert.deepEqual(synced.slice(3), [segmentName(1)])
    await sender.close(30_000)
  })

  it('that is full is told to whoever hands over, with nothing lost of what it took, and taken again when it is not', async () => {
    let isFull = false
    const disk: Disk = {
      async open(path, flags, mode) {
        const file = await openFile(path, flags, mode)
        const write = file.write.bind(file) as (...args: unknown[]) => Promise<unknown>
        // Half of it is written before the disk is full.
        file.write = (async (buffer: Buffer, at: number, length: number, position: number) => {
          if (!isFull) return write(buffer, at, length, position)
          await write(buffer, at, length >> 1, position)
          throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
        }) as unknown as typeof file.write
        return file
      },
    }
    const { directory, server, sender, notices } = open({ disk })
    server.stumbles.push(...away(100_000))
    await sender.track(login(1))
    isFull = true
    const errors = await Promise.all([2, 3].map(n => sender.track(login(n)).catch(caught => caught as DataPulseError)))
    const [error] = errors
    assert.ok(error !== undefined && 'code' in error)
    assert.deepEqual([error.code, error.retry], ['SPOOL', true])
    assert.match(error.message, /disk refuses it: ENOSPC/)
    assert.ok(notices.some(notice => notice.type === 'spool' && notice.what === 'failed'))
    isFull = false
    await sender.track(error.event)
    assert.deepEqual(await sender.close(1), { kept: 2 })
    const next = open({ directory })
    await next.sender.flush(30_000)
    assert.deepEqual(next.server.sent('n'), [1, 2])
    await next.sender.close(30_000)
  })
})
