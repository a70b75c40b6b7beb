// Questions over a real NATS server: answered, refused, asked of nobody, and of somebody who dies over them.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { type NatsServers, skipWithoutNats as skip, startNats } from '../log/nats/testing/nats-servers.ts'
import { answerOverNats, askOverNats } from './remote-questions.ts'

let nats: NatsServers
let asking: NatsConnection
let answering: NatsConnection
before(async () => {
  if (skip !== false) return
  nats = await startNats()
  asking = await connect({ servers: nats.url })
  answering = await connect({ servers: nats.url })
})
after(async () => {
  await asking?.close()
  await answering?.close()
  await nats?.remove()
})

const words = Buffer.from('why')
const minuteMs = 60_000

test('an answer comes as it was given, and a fault with its reason', { skip }, async () => {
  const stop = answerOverNats(answering, 0, {
    twice: async body => `${body.toString()} ${body.toString()}`,
    never: async () => {
      throw new Error('not today')
    },
  })
  // What is asked over another connection may be there before the one who answers is.
  await answering.flush()
  const ask = askOverNats(asking, 0)
  assert.deepEqual(await ask('twice', words, minuteMs), { answer: Buffer.from('why why') })
  assert.deepEqual(await ask('never', words, minuteMs), { fault: 'not today' })
  assert.deepEqual(await ask('other', words, minuteMs), { fault: 'there is no such question' })
  stop()
})

test('nobody there is told at once, however long could be waited', { skip }, async () => {
  assert.deepEqual(await askOverNats(asking, 1)('twice', words, minuteMs * 60), { fault: 'away' })
})

test('who works on it is waited for, and no longer once it is silent', { skip }, async () => {
  const mind = Promise.withResolvers<string>()
  const stop = answerOverNats(answering, 2, { slow: () => mind.promise })
  await answering.flush()
  // Longer than silence is borne.
  setTimeout(() => mind.resolve('at last'), 6_000)
  assert.deepEqual(await askOverNats(asking, 2)('slow', words, minuteMs), { answer: Buffer.from('at last') })
  stop()

  const dying = await connect({ servers: nats.url })
  answerOverNats(dying, 3, { slow: () => new Promise(() => {}) })
  await dying.flush()
  const asked = askOverNats(asking, 3)('slow', words, minuteMs * 60)
  await asking.flush()
  await dying.close()
  assert.deepEqual(await asked, { fault: 'away' })
})
