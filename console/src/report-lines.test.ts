// A line has the people of the row without a currency and the money of one currency, and is in the order that was asked for.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { currenciesIn, everyLine, hasAnything, linesOf, readSort, type Row, sortLines } from './report-lines.ts'

const rows: Row[] = [
  { day: '2026-06-01', currency: '', registrations: 3, active_users: 9, deposit_count: 0, deposit_amount: '0' },
  {
    day: '2026-06-01',
    currency: 'USD',
    registrations: 0,
    deposit_count: 2,
    deposit_amount: '30.1',
    withdraw_amount: '40',
  },
  {
    day: '2026-06-01',
    currency: 'EUR',
    registrations: 0,
    deposit_count: 5,
    deposit_amount: '7',
    ggr: '-1',
    stake: '3',
  },
  { day: '2026-06-03', currency: 'USD', deposit_count: 1, deposit_amount: '4', stake: '10', ggr: '2.5' },
]

describe('lines of a report', () => {
  it('join people and money of one currency', () => {
    const [first, second] = linesOf(rows, 'day', 'USD')
    assert.equal(first?.['registrations'], 3)
    assert.equal(first?.['deposit_amount'], '30.1')
    assert.equal(first?.['net_deposits'], '-9.9')
    assert.equal(first?.['hold'], null)
    assert.deepEqual([second?.['hold'], second?.['registrations']], ['0.25', 0])
  })

  it('name the currencies with money, the one of most events first', () => {
    assert.deepEqual(currenciesIn(rows), ['EUR', 'USD'])
  })

  it('have days on which nothing happened, too', () => {
    const lines = everyLine(linesOf(rows, 'day', 'EUR'), ['2026-06-01', '2026-06-02', '2026-06-03'])
    assert.deepEqual(
      lines.map(line => [line.name, line['deposit_amount']]),
      [
        ['2026-06-01', '7'],
        ['2026-06-02', '0'],
        ['2026-06-03', '0'],
      ],
    )
    assert.deepEqual(lines.map(hasAnything), [true, false, false])
  })

  it('are sorted by size, with what cannot be told behind', () => {
    const lines = linesOf(
      ['10', '9', '-2', null].map((stake, n) => ({
        click_id: `c${n}`,
        currency: 'USD',
        stake: stake ?? '0',
        ggr: '1',
      })),
      'click_id',
      'USD',
    )
    const names = (sort: string) => sortLines(lines, readSort(sort)).map(({ name }) => name)
    assert.deepEqual(names('-stake'), ['c0', 'c1', 'c3', 'c2'])
    assert.deepEqual(names('hold'), ['c2', 'c0', 'c1', 'c3'])
    assert.deepEqual(names('-hold'), ['c1', 'c0', 'c2', 'c3'])
    assert.deepEqual(names('-name'), ['c3', 'c2', 'c1', 'c0'])
  })
})
