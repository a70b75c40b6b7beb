// What a spreadsheet makes of the file: the header, each value whole, and no formula.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { csvOf } from './csv.ts'

const cellOf = (value: string | number | null) => csvOf(['v'], [{ v: value }]).slice('\uFEFFv\r\n'.length, -2)

describe('a CSV file', () => {
  it('begins with the mark of UTF-8 and a header, also without rows', () => {
    assert.equal(csvOf(['day', 'ggr'], []), '\uFEFFday,ggr\r\n')
    assert.equal(
      csvOf(['day', 'ggr'], [{ ggr: '1.5', day: '2026-06-01', more: 1 }]),
      '\uFEFFday,ggr\r\n2026-06-01,1.5\r\n',
    )
  })

  it('keeps a text from being a formula', () => {
    for (const text of ['=1+1', '+1', '@SUM(A1)', '\tx', '-1+1', '-', '-cmd', '--1', '＝1+1', '－1+1', '＠x'])
      assert.equal(cellOf(text), `'${text}`)
    assert.equal(cellOf('\r=1'), `"'\r=1"`)
    assert.equal(cellOf('=HYPERLINK("x","y")'), `"'=HYPERLINK(""x"",""y"")"`)
  })

  it('leaves numbers, below zero too, as they are', () => {
    for (const value of ['-12.50', '-3', '0.000000000000000001', -7, 0, 12]) assert.equal(cellOf(value), String(value))
    assert.equal(cellOf(null), '')
  })

  it('quotes what would end a cell', () => {
    assert.equal(cellOf('a,b'), '"a,b"')
    assert.equal(cellOf('say "x"\n'), '"say ""x""\n"')
    assert.equal(cellOf('點擊 1'), '點擊 1')
  })
})
