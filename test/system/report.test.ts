// The reports of a small business, sent through the API and read by the command line: every row as it must be.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Installation } from '../harness/installation.ts'

const cli = join(import.meta.dirname, '../../cli/datapulse.js')
const at = (text: string) => Date.parse(text)

function event(user: string, name: string, time: string, more: object = {}): object {
  return { client_user_id: user, event_name: name, timestamp: at(time), ip_address: '203.0.113.1', ...more }
}

let transactions = 0
const money = (user: string, name: string, time: string, amount: number, currency = 'USD', more: object = {}) =>
  event(user, name, time, { transaction_id: `t${transactions++}`, amount, currency, ...more })

const events = [
  event('ann', 'register', '2026-06-01T10:00:00Z', { click_id: 'click-1' }),
  event('ann', 'login', '2026-06-01T11:00:00Z'),
  event('bob', 'register', '2026-06-01T23:30:00Z', { click_id: 'click-2' }),
  money('ann', 'deposit', '2026-06-01T12:00:00Z', 0.1),
  money('ann', 'deposit', '2026-06-01T13:00:00Z', 0.2, 'usd'),
  money('bob', 'deposit', '2026-06-02T01:00:00Z', 92, 'EUR'),
  money('ann', 'withdraw', '2026-06-02T02:00:00Z', 0.05),
  money('ann', 'bet', '2026-06-02T03:00:00Z', 10, 'USD', {
    transaction_id: 'own',
    bet_result: 'loss',
    bet_result_amount: 10,
  }),
  money('ann', 'loss', '2026-06-02T03:01:00Z', 10, 'USD', { parent_transaction_id: 'own' }),
  money('ann', 'bet', '2026-06-02T04:00:00Z', 5, 'USD', { transaction_id: 'open' }),
  money('ann', 'win', '2026-06-03T04:00:00Z', 2.5, 'USD', { parent_transaction_id: 'open' }),
  money('cat', 'deposit', '2026-06-03T05:00:00Z', 7, 'ZZZ'),
]

const zero = {
  registrations: 0,
  logins: 0,
  active_users: 0,
  ftd_count: 0,
  ftd_amount: '0',
  deposit_count: 0,
  deposit_amount: '0',
  depositors: 0,
  withdraw_count: 0,
  withdraw_amount: '0',
  bet_count: 0,
  stake: '0',
  player_result: '0',
  ggr: '0',
}

describe('reports', () => {
  let server: Installation
  const directory = mkdtempSync(join(tmpdir(), 'datapulse-report-'))
  before(async () => {
    server = await Installation.open()
    const live = await server.key('casino')
    const testing = await server.key('casino', { mode: 'test' })
    for (const key of [live, testing]) {
      const reply = await server.post('/v2/s2s/batch', key, JSON.stringify(events))
      assert.equal(reply.status, 200, JSON.stringify(reply.body))
    }
    await server.drained()
  })
  after(async () => {
    await server.close()
    rmSync(directory, { recursive: true, force: true })
  })

  const run = (...args: string[]) =>
    execFileSync(process.execPath, [cli, ...args, '--data-dir', server.dataDir, '--url', server.adminUrl], {
      encoding: 'utf8',
    })
  const range = ['--product', 'casino', '--from', '2026-06-01', '--to', '2026-06-04']
  const report = (name: string, ...more: string[]) =>
    JSON.parse(run('report', name, ...range, '--json', ...more)) as object[]

  it('by day and currency', () => {
    const rows = report('daily')
    const first = { ftd_count: 1, deposit_count: 1, depositors: 1 }
    assert.deepEqual(rows, [
      { day: '2026-06-01', currency: '', ...zero, registrations: 2, logins: 1, active_users: 2 },
      {
        day: '2026-06-01',
        currency: 'USD',
        ...zero,
        ftd_count: 1,
        ftd_amount: '0.1',
        deposit_count: 2,
        deposit_amount: '0.3',
        depositors: 1,
      },
      { day: '2026-06-02', currency: '', ...zero, active_users: 2 },
      { day: '2026-06-02', currency: 'EUR', ...zero, ...first, ftd_amount: '92', deposit_amount: '92' },
      {
        ...{ day: '2026-06-02', currency: 'USD', ...zero, withdraw_count: 1, withdraw_amount: '0.05' },
        ...{ bet_count: 2, stake: '15', player_result: '-10', ggr: '10' },
      },
      { day: '2026-06-03', currency: '', ...zero, active_users: 2 },
      { day: '2026-06-03', currency: 'USD', ...zero, player_result: '2.5', ggr: '-2.5' },
      { day: '2026-06-03', currency: 'ZZZ', ...zero, ...first, ftd_amount: '7', deposit_amount: '7' },
    ])
    assert.deepEqual(Object.keys(rows[0] as object), ['day', 'currency', ...Object.keys(zero)])
  })

  it('of a bet that was settled twice, which is counted once and flagged', () => {
    for (const mode of ['live', 'test']) {
      const listed = JSON.parse(run('events', 'list', '--mode', mode, '--json')) as Record<string, string | string[]>[]
      const flagged = listed.filter(({ flags }) => flags?.includes('settled_twice'))
      assert.deepEqual(
        flagged.map(({ event_name, transaction_id, parent_transaction_id }) => [
          event_name,
          parent_transaction_id ?? transaction_id,
        ]),
        [
          ['loss', 'own'],
          ['bet', 'own'],
        ],
      )
    }
  })

  it('in dollars, by rates that come later, with what has none beside', () => {
    const path = join(directory, 'rates.json')
    const rates = [{ currency: 'EUR', rate: 0.92 }]
    const file = { month: '2026-06', baseCurrency: 'USD', generatedAt: '2026-07-01T00:00:00Z', rates }
    writeFileSync(path, JSON.stringify({ ...file, month: 'June' }))
    const refused = spawnSync(
      process.execPath,
      [cli, 'rates', 'import', path, '--data-dir', server.dataDir, '--url', server.adminUrl],
      { encoding: 'utf8' },
    )
    assert.match(refused.stderr, /month must be a month such as "2026-06"/)
    writeFileSync(path, JSON.stringify(file))
    assert.match(run('rates', 'import', path), /The rates of 2026-06 count from now on; currencies: 1/)
    const rows = report('daily', '--converted') as Record<string, unknown>[]
    assert.deepEqual(
      rows
        .filter(row => row['currency'] === 'USD')
        .map(row => [
          row['day'],
          row['deposit_amount'],
          row['deposit_count'],
          row['ftd_amount'],
          row['unconverted_count'],
        ]),
      [
        ['2026-06-01', '0.3', 2, '0.1', 0],
        ['2026-06-02', '100', 1, '100', 0],
        ['2026-06-03', '0', 1, '0', 1],
      ],
    )
    assert.equal((run('rates', 'list').match(/2026-06/g) ?? []).length, 1)
  })

  it('of the whole time, by click, and the funnel', () => {
    const [, , summary] = report('summary') as Record<string, unknown>[]
    assert.deepEqual(
      [summary?.['currency'], summary?.['net_deposits'], summary?.['hold'], summary?.['ggr']],
      ['USD', '0.25', '0.5', '7.5'],
    )
    const clicks = report('clicks') as Record<string, unknown>[]
    assert.deepEqual(
      clicks
        .filter(row => row['deposit_count'] !== 0)
        .map(row => [row['click_id'], row['currency'], row['deposit_amount']]),
      [
        ['', 'ZZZ', '7'],
        ['click-1', 'USD', '0.3'],
        ['click-2', 'EUR', '92'],
      ],
    )
    assert.deepEqual(report('funnel'), [
      { registered: 2, deposited_once: 2, deposited_twice: 1, deposited_once_rate: '1', repeat_rate: '0.5' },
    ])
    assert.equal(report('funnel-clicks').length, 2)
  })

  it('as CSV, in another time zone, and what came late', () => {
    const csv = run('report', 'daily', ...range, '--csv', '--tz', 'Asia/Taipei').split('\r\n')
    assert.equal(csv[0], ['day', 'currency', ...Object.keys(zero)].join(','))
    assert.match(csv[2] ?? '', /^2026-06-01,USD,0,0,0,1,0\.1,2,0\.3,1/)
    assert.match(csv[3] ?? '', /^2026-06-02,,1,0,2,/)
    const late = report('late') as Record<string, unknown>[]
    assert.deepEqual(
      late
        .filter(row => row['event_name'] === 'deposit')
        .map(row => [row['day'], row['currency'], row['events'], row['amount']]),
      [
        ['2026-06-01', 'USD', 2, '0.3'],
        ['2026-06-02', 'EUR', 1, '92'],
        ['2026-06-03', 'ZZZ', 1, '7'],
      ],
    )
    assert.deepEqual(report('daily', '--received-before', '2026-06-01T00:00:00Z'), [])
    const none = run('report', 'daily', ...range, '--csv', '--received-before', '2026-06-01T00:00:00Z')
    assert.equal(none, `${csv[0]}\r\n`, 'without rows it is the header alone')
  })

  it('takes as many rates of a month as it says', () => {
    const path = join(directory, 'many.json')
    const rates = Array.from({ length: 5_000 }, (_, n) => ({ currency: `COIN${n}`, rate: 1.5 }))
    const file = { month: '2025-01', baseCurrency: 'USD', generatedAt: '2025-02-01T00:00:00Z', rates }
    writeFileSync(path, JSON.stringify(file, null, 2))
    assert.match(run('rates', 'import', path), /currencies: 5000/)
    assert.equal(run('rates', 'show', '2025-01').trimEnd().split('\n').length, 5_001)
  })

  it('which later events changed a day that was over', async () => {
    const key = await server.key('poker')
    const send = async (list: object[]) => {
      assert.equal((await server.post('/v2/s2s/batch', key, JSON.stringify(list))).status, 200)
      await server.drained()
    }
    const poker = (name: string, ...more: string[]) => {
      const days = ['--product', 'poker', '--from', '2026-06-09', '--to', '2026-06-10']
      return JSON.parse(run('report', name, ...days, '--json', ...more)) as Record<string, unknown>[]
    }
    const numbers = () => poker('daily').map(row => [row['currency'], row['ftd_count'], row['player_result']])
    await send([
      money('dan', 'deposit', '2026-06-09T12:00:00Z', 50),
      money('dan', 'win', '2026-06-09T13:00:00Z', 30, 'USD', { parent_transaction_id: 'slow' }),
    ])
    assert.deepEqual(numbers().at(-1), ['USD', 1, '30'])
    const before = poker('late', '--effects')
    assert.deepEqual(
      before.map(row => [row['event_name'], row['effect'], row['first_event_day']]),
      [
        ['deposit', 'added', '2026-06-09'],
        ['win', 'added', '2026-06-09'],
      ],
    )
    await send([
      money('dan', 'deposit', '2026-06-07T12:00:00Z', 20),
      money('dan', 'bet', '2026-06-08T13:00:00Z', 10, 'USD', {
        transaction_id: 'slow',
        bet_result: 'win',
        bet_result_amount: 20,
      }),
    ])
    assert.deepEqual(numbers().at(-1), ['USD', 0, '0'])
    assert.deepEqual(
      poker('late', '--effects')
        .slice(before.length)
        .map(row => [
          row['day'],
          row['event_name'],
          row['events'],
          row['amount'],
          row['effect'],
          row['last_event_day'],
        ]),
      [
        ['2026-06-09', 'deposit', 1, '50', 'first_deposits_lost', '2026-06-07'],
        ['2026-06-09', 'bet', 1, '30', 'settlements_lost', '2026-06-08'],
      ],
    )
    const plain = Object.keys(poker('late')[0]!)
    assert.deepEqual(Object.keys(before[0]!), [...plain, 'effect', 'first_event_day', 'last_event_day'])
  })

  it('that makes no sense is refused', async () => {
    const ask = async (query: string) => (await server.admin(`/api/reports/${query}`)).status
    assert.equal(await ask('yearly?product=casino&from=2026-06-01&to=2026-06-02'), 404)
    assert.equal(await ask('daily?product=casino&from=2026-06-02&to=2026-06-02'), 400)
    assert.equal(await ask('daily?product=casino&from=2026-06-31&to=2026-07-02'), 400)
    assert.equal(await ask('daily?product=casino&from=2026-06-01&to=2026-07-02&tz=Mars/Base'), 400)
    assert.equal(await ask('daily?from=2026-06-01&to=2026-07-02'), 400)
    assert.equal(await ask('daily?product=casino&from=2026-06-01&to=2026-06-02&effects=true'), 400)
    assert.equal(await ask('daily?product=nope&from=2026-06-01&to=2026-07-02'), 404)
  })
})
