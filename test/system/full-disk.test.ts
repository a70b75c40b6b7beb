// A disk that is really full: a small ext4 image, mounted, filled by a ballast file. The door answers 500 with
// Retry-After and says nothing was kept, loses nothing it had acknowledged, and goes on by itself when there is room.
// Once with the free-space guard as the first to notice, once with the guard off, so that the disk itself refuses.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Installation, until } from '../harness/installation.ts'
import { audit, deposit, type Sent } from '../harness/traffic.ts'

const place = mkdtempSync(join(tmpdir(), 'datapulse-disk-'))
const image = join(place, 'image')
const disk = join(place, 'disk')
const mounted = mount()
const skip = mounted ? false : 'mounting an image needs root and mkfs.ext4'
after(() => {
  if (mounted) spawnSync('umount', ['-l', disk])
  rmSync(place, { recursive: true, force: true })
})

for (const [title, freeMin] of [
  ['the free-space guard', '64MiB'],
  ['the disk itself', '0'],
] as const)
  test(`a full disk, noticed by ${title}: 500 with Retry-After, nothing lost, and back by itself`, {
    skip,
  }, async () => {
    const dataDir = join(disk, freeMin)
    mkdirSync(dataDir)
    const server = await Installation.open({ dataDir, environment: { DATAPULSE_DISK_FREE_MIN: freeMin } })
    try {
      const key = await server.key('disk')
      const books: Sent[] = []
      const post = async (id: string) => {
        const padding = { note: 'x'.repeat(20_000) }
        const reply = await server.post('/v2/s2s/event', key, JSON.stringify(deposit(id, padding)))
        books.push({ ids: [id], acknowledged: reply.status === 200 })
        return reply
      }
      for (let i = 0; i < 20; i++) assert.equal((await post(`before-${i}`)).status, 200)
      const ballast = fill(join(disk, 'ballast'))
      let count = 0
      await until('the door refuses', async () => {
        const reply = await post(`full-${count++}`)
        if (reply.status === 200) return false
        assert.equal(reply.status, 500)
        assert.match(reply.headers.get('retry-after') ?? '', /^\d+$/)
        assert.equal(reply.body['status'], 'error')
        return true
      })
      await sleep(1500)
      rmSync(ballast)
      await until('the door takes events again', async () => (await post(`after-${count++}`)).status === 200)
      await server.drained()
      assert.deepEqual(audit(books, await server.events('&product=disk')), [])
    } finally {
      await server.close()
      rmSync(dataDir, { recursive: true, force: true })
    }
  })

function mount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || spawnSync('mkfs.ext4', ['-V']).status !== 0)
    return false
  mkdirSync(disk)
  execFileSync('truncate', ['-s', '768M', image])
  execFileSync('mkfs.ext4', ['-q', '-m', '0', image])
  return spawnSync('mount', ['-o', 'loop', image, disk]).status === 0
}

/** Writes until there is no room left. */
function fill(path: string): string {
  const file = openSync(path, 'w')
  for (let size = 1024 * 1024; size >= 4096; )
    try {
      writeSync(file, Buffer.alloc(size))
    } catch {
      size /= 2
    }
  closeSync(file)
  return path
}
