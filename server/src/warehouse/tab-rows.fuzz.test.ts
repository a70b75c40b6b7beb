// Any value written as a tab-separated row reads back as itself.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { EventRow } from './load.ts'
import { field, time } from './tab-rows.ts'
import { startEngine } from './testing/engine-process.ts'
import { eventRow, madeLoad, startMs, uuidOf } from './testing/made-loads.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map(string => string.toWellFormed())
const nasty = fc.array(fc.constantFrom('\\', '\t', '\n', '\r', '\0', 'N', "'", '"', '\\N', '🎲', '\u2028'), {
  maxLength: 12,
})
const anyText = fc.oneof(
  text,
  nasty.map(parts => parts.join('')),
)
const decimal = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 20n - 1n }), fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }))
  .map(([negative, whole, fraction]) => {
    const digits = String(fraction).padStart(18, '0').replace(/0+$/, '')
    const magnitude = digits === '' ? String(whole) : `${whole}.${digits}`
    return negative && magnitude !== '0' ? `-${magnitude}` : magnitude
  })

test('a field has no tab, line end or NUL in it, and is undone by undoing its escapes', () => {
  const undo: Record<string, string> = { '\\': '\\', t: '\t', n: '\n', r: '\r', '0': '\0' }
  fc.assert(
    fc.property(anyText, string => {
      const escaped = field(string)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      assert(!/[\t\n\r\0]/.test(escaped))
      assert.equal(
        escaped.replace(/\\(.)/g, (_, letter: string) => undo[letter] ?? assert.fail(letter)),
        string,
      )
    }),
  )
})

test('a time keeps every millisecond', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4_102_444_800_000 }), ms => {
      const shown = time(ms)
      const read = shown.includes(':') ? Date.parse(`${shown.replace(' ', 'T')}Z`) : Math.round(Number(shown) * 1000)
      assert.equal(read, ms)
    }),
  )
})

test('any event comes back from the engine as it went in', async () => {
  const engine = await startEngine()
  const warehouse = engine.warehouse()
  let seq = 0
  try {
    const event = fc.record({
      name: anyText.map(string => `e${string}`),
      userId: anyText,
      clickId: anyText,
      eventMs: fc.integer({ min: 1, max: 4_102_444_800_000 }),
      userAgent: anyText,
      transactionId: anyText,
      amount: fc.option(decimal),
      currency: anyText,
      betResultAmount: fc.option(decimal),
      isCrypto: fc.boolean(),
    })
    const agent = fc.record({
      device_class: anyText,
      device_name: anyText,
      operating_system_name: anyText,
      operating_system_version: anyText,
      agent_name: anyText,
      agent_class: anyText,
    })
    const derived = fc.record({
      country: fc.constantFrom('', 'TW'),
      city: anyText,
      agent: fc.option(agent),
      gameType: fc.constantFrom('', 'slot'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(event, anyText, derived), { minLength: 1, maxLength: 30 }), async made => {
        seq += 1
        const requestId = uuidOf(`fuzz ${seq}`)
        const rows: EventRow[] = made.map(([fields, raw, derived], position) =>
          eventRow({ requestId, position, receivedMs: startMs }, fields, { raw, derived }),
        )
        await warehouse.loading.load(madeLoad(seq, rows))
        const { rows: shown } = await warehouse.listEvents({ request: requestId, limit: 100, raw: true })
        assert.deepEqual(
          shown.toReversed().map(row => ({
            name: row.event_name,
            userId: row.client_user_id,
            clickId: row.click_id,
            eventMs: row.timestamp,
            userAgent: row.user_agent,
            transactionId: row.transaction_id,
            amount: row.amount,
            currency: row.currency,
            betResultAmount: row.bet_result_amount,
            isCrypto: row.is_crypto,
          })),
          made.map(([fields]) => ({ ...fields })),
        )
        assert.deepEqual(
          shown.toReversed().map(row => row.raw),
          made.map(([, raw]) => raw),
        )
        assert.deepEqual(
          shown.toReversed().map(row => ({
            country: row.country,
            city: row.city,
            gameType: row.canonical_game_type,
            device_class: row.device_class,
            device_name: row.device_name,
            operating_system_name: row.operating_system_name,
            operating_system_version: row.operating_system_version,
            agent_name: row.agent_name,
            agent_class: row.agent_class,
          })),
          made.map(([, , { agent, ...place }]) => ({ ...place, ...(agent ?? noAgent) })),
        )
      }),
      { numRuns: 25 },
    )
  } finally {
    await warehouse.close()
    await engine.remove()
  }
})

const noAgent = {
  device_class: '',
  device_name: '',
  operating_system_name: '',
  operating_system_version: '',
  agent_name: '',
  agent_class: '',
}
