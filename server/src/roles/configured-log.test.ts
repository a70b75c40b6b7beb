// What several machines need is loaded where several machines are configured, and nowhere else.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

/** Modules of NATS' library that a process has once it has loaded the role. */
function natsModulesOf(role: string): string[] {
  const program = `
    import Module from 'node:module'
    await import(${JSON.stringify(join(import.meta.dirname, role))})
    console.log(JSON.stringify(Object.keys(Module._cache).filter(path => path.includes('@nats-io'))))
    process.exit()`
  const told = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
  return JSON.parse(told) as string[]
}

test('no role of one machine loads the library of NATS', () => {
  for (const role of ['api.ts', 'pipeline.ts', 'web.ts']) assert.deepEqual(natsModulesOf(role), [], role)
  // That it would be seen.
  assert.ok(natsModulesOf('../log/nats/stream.ts').length > 0)
})
