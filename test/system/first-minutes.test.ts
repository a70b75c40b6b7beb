// A newcomer's first five minutes, with the very lines that the server prints: start on an empty directory, paste the
// curl line, list the event. Then killed and started again: still listed, and no second welcome.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Installation, until } from '../harness/installation.ts'

const cli = join(import.meta.dirname, '../../cli/datapulse.js')
const hasCurl = spawnSync('curl', ['--version']).status === 0
let installation: Installation | null = null
after(() => installation?.close())

/** What a printed line of the command line, pasted, prints. */
function paste(line: string): string {
  return execFileSync('sh', ['-c', line.replace('npx --no datapulse', `'${process.execPath}' '${cli}'`)], {
    encoding: 'utf8',
  })
}

function list(server: Installation): Record<string, unknown>[] {
  const args = [cli, 'events', 'list', '--json', '--data-dir', server.dataDir, '--url', server.adminUrl]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Record<string, unknown>[]
}

test('the printed curl line answers 200 and the event is listed; after kill -9 it still is', {
  skip: hasCurl ? false : 'curl is not installed',
}, async () => {
  installation = await Installation.open()
  const server = installation
  await until('the welcome is printed', () => server.output.join('').includes('curl -X POST'))
  const line = /^\s*(curl -X POST .*)$/m.exec(server.output.join(''))?.[1] as string
  const answer = JSON.parse(execFileSync('sh', ['-c', `${line} -s`], { encoding: 'utf8' })) as Record<string, unknown>
  assert.equal(answer['status'], 'success')
  assert.equal(answer['accepted'], 1)
  await until('the event is listed', () => list(server).length > 0)
  const printed = /^\s*(npx --no datapulse events list.*)$/m.exec(server.output.join(''))?.[1] as string
  assert.match(paste(printed), /tx_554433/)
  const [event] = list(server)
  assert.equal(event?.['event_name'], 'deposit')
  assert.equal(event?.['transaction_id'], 'tx_554433')
  assert.equal(event?.['amount'], '50')
  assert.equal(event?.['currency'], 'USD')
  assert.equal(event?.['product'], 'demo')
  assert.equal(event?.['request_id'], answer['request_id'])
  assert.equal(Object.hasOwn(event ?? {}, 'raw'), false)

  server.kill('everything')
  await server.gone()
  server.output.length = 0
  await server.start()
  await until('the server says where it is', () => server.output.join('').includes('takes events at'))
  assert.ok(!server.output.join('').includes('dp_live_'), 'the key is printed once only')
  assert.equal(list(server).length, 1)
  execFileSync('sh', ['-c', `${line} -s`])
  await server.drained()
  assert.equal(list(server).length, 1, 'a retry of the same transaction is not a second event')
  // It is told where the admin port is, and finds the public one by itself.
  assert.match(paste(`npx --no datapulse doctor ${printed.split('events list')[1]}`), /The whole path works/)
})
