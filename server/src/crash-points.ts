// Named places where a test can have a process killed: just before or just after a call over a seam. The name is
// `seam.function.before` or `seam.function.after`, and `:N` says at which call (`warehouse.load.after:3`). A point
// fires once for a data directory: it leaves a mark first, so that the process started next goes on.
// Without DATAPULSE_TEST_CRASH_AT the functions are given back as they are, and nothing is added to any call.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type CrashPoints = { crashAt: string; dataDir: string }

/** The same functions, one of them deadly when a test says so. */
export function withCrashPoints<T extends object>(seam: string, functions: T, points: CrashPoints): T {
  const [name = '', count = '1'] = points.crashAt.split(':')
  if (!name.startsWith(`${seam}.`)) return functions
  const mark = join(points.dataDir, 'run', `crashed-${name}`)
  if (existsSync(mark)) return functions
  const [, wanted, when] = name.split('.')
  let left = Number(count)
  const die = () => {
    if (--left > 0) return
    mkdirSync(join(mark, '..'), { recursive: true })
    writeFileSync(mark, '')
    process.kill(process.pid, 'SIGKILL')
  }
  return new Proxy(functions, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function') return value
      const call = (...args: unknown[]) => Reflect.apply(value, target, args) as unknown
      if (property !== wanted) return call
      if (when === 'before')
        return (...args: unknown[]) => {
          die()
          return call(...args)
        }
      return async (...args: unknown[]) => {
        const result = await call(...args)
        die()
        return result
      }
    },
  })
}
