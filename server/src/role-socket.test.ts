// A question that fails is answered with its fault, and takes nothing else with it.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { askQuestion, openRoleSocket, socketPath } from './role-socket.ts'

test('a question is answered, one that fails with its words, and the role goes on', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'role-'))
  mkdirSync(join(dataDir, 'run'))
  const echo = async (body: Buffer) => {
    if (body.toString() === 'fail') throw new Error('the warehouse is away')
    return `heard ${body.toString()}`
  }
  const socket = await openRoleSocket(socketPath(dataDir, 'web'), {
    status: () => ({}),
    metrics: async () => ({}),
    answers: { echo },
  })
  const ask = (question: string, text: string) => askQuestion(dataDir, 'web', question, Buffer.from(text), 2_000)
  try {
    const failed = await ask('echo', 'fail')
    assert.match('fault' in failed ? failed.fault : '', /^500 .*the warehouse is away/)
    assert.deepEqual(await ask('echo', 'this'), { answer: Buffer.from('heard this') })
    assert.deepEqual(await ask('nothing', ''), { fault: '404 ' })
  } finally {
    await socket.close()
    rmSync(dataDir, { recursive: true })
  }
})
