// What random kills hardly ever meet: ClickHouse writes a load's token into its log before the new part gets its name.
// A repetition under the token is then ignored although the part is not there. strace ends the engine at exactly that
// rename, or lets the rename fail as on a full disk; the event must be listed in the end, once, and the books be right.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { after, test } from 'node:test'
import { Installation, until } from '../harness/installation.ts'
import { deposit } from '../harness/traffic.ts'

const skip = spawnSync('strace', ['-V']).status === 0 ? false : 'strace is not installed'
let installation: Installation | null = null
after(() => installation?.close())

const injections = {
  'killed at the rename of the events': { injection: 'signal=SIGKILL:when=1', met: 'killed by SIGKILL' },
  'a first rename that fails on a full disk': { injection: 'error=ENOSPC:when=1', met: 'INJECTED' },
}

for (const [at, [name, { injection, met }]] of Object.entries(injections).entries())
  test(`${name}: the event is there, once`, { skip }, async () => {
    installation ??= await Installation.open()
    const server = installation
    await server.ready()
    const key = await server.key('renames')
    const transaction = `cut-${at}`
    const engine = server.pids().engine
    const inject = `inject=rename,renameat,renameat2:${injection}`
    const calls = 'trace=rename,renameat,renameat2'
    const tracer = spawn('strace', ['-f', '-e', calls, '-e', inject, '-p', String(engine)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let told = ''
    tracer.stderr.on('data', chunk => (told += String(chunk)))
    const ended = new Promise(resolve => tracer.once('exit', resolve))
    await until('the tracer is attached', () => told.includes('attached')).catch(cause => {
      tracer.kill('SIGKILL')
      throw cause
    })
    assert.equal((await server.post('/v2/s2s/event', key, JSON.stringify(deposit(transaction)))).status, 200)
    await until('the rename was met', () => told.includes(met)).finally(() =>
      // A tracer whose tracee is being killed may be deaf to anything gentler, and then keeps it from ending.
      tracer.kill('SIGKILL'),
    )
    await ended
    await server.ready()
    await server.drained()
    const again = await server.post('/v2/s2s/event', key, JSON.stringify(deposit(transaction)))
    assert.equal(again.status, 200)
    await server.drained()
    const listed = await server.events('&product=renames')
    assert.deepEqual(
      listed.map(event => event.transaction_id).toSorted(),
      Array.from({ length: at + 1 }, (_, i) => `cut-${i}`),
    )
    const { accounting } = (await server.status()) as { accounting: Record<string, unknown> }
    assert.equal(accounting['holds'], true, JSON.stringify(accounting))
    assert.equal(accounting['stored'], at + 1, JSON.stringify(accounting))
  })
