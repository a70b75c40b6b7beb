// One process at a time has the directory of a spool. The lock is a Unix socket that listens, which the system closes however
// its process ends, and which answers in other containers that have the same directory, too: nothing that says who is alive
// can lie.
//
//   lock.7    the socket of whoever has, or had, the directory; the highest number counts
//
// Who wants it connects to the highest: if that answers, it is taken. If not, a socket of one's own is linked under the next
// number. Linking fails where another was quicker; and who finds a higher number afterwards was too late.

import { randomBytes } from 'node:crypto'
import { link, open, readdir, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'

const pathBytesMax = 100

/** Gives what releases it; null when another process has it. */
export async function lockDirectory(directory: string): Promise<(() => Promise<void>) | null> {
  const handle = await open(directory, 'r')
  // A socket's path must be short, and a directory's may be long.
  const short = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : directory
  const name = `taking-${randomBytes(6).toString('hex')}`
  try {
    if (Buffer.byteLength(join(short, name)) > pathBytesMax)
      throw new Error(`its path must have at most ${pathBytesMax - name.length - 1} bytes`)
    const server = await listen(join(short, name))
    const release = async (): Promise<void> => {
      await new Promise<void>(resolve => server.close(() => resolve()))
      await handle.close()
    }
    const isTaken = await take(directory, short, name)
    await unlink(join(directory, name))
    if (isTaken) return release
    await release()
    return null
  } catch (cause) {
    await handle.close().catch(() => {})
    throw cause
  }
}

async function take(directory: string, short: string, name: string): Promise<boolean> {
  for (;;) {
    const highest = await highestIn(directory)
    if (highest > 0 && (await answers(join(short, `lock.${highest}`)))) return false
    const mine = highest + 1
    try {
      await link(join(directory, name), join(directory, `lock.${mine}`))
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
      continue
    }
    if ((await highestIn(directory)) > mine) {
      await unlink(join(directory, `lock.${mine}`)).catch(() => {})
      continue
    }
    for (const number of await numbersIn(directory))
      if (number < mine) await unlink(join(directory, `lock.${number}`)).catch(() => {})
    return true
  }
}

async function highestIn(directory: string): Promise<number> {
  return Math.max(0, ...(await numbersIn(directory)))
}

async function numbersIn(directory: string): Promise<number[]> {
  const names = await readdir(directory)
  return names.flatMap(name => (/^lock\.\d+$/.test(name) ? [Number(name.slice(5))] : []))
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(socket => socket.destroy())
    server.once('error', reject)
    server.listen(path, () => {
      // It keeps no process alive.
      server.unref()
      resolve(server)
    })
  })
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ECONNREFUSED' || cause.code === 'ENOENT') resolve(false)
      // Its queue of connections is full: somebody is there.
      else if (cause.code === 'EAGAIN') resolve(true)
      else reject(cause)
    })
  })
}
