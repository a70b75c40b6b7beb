// What a reader of CSV gets is what is there; a spreadsheet computes nothing of it, and a terminal is not moved by it.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { csvLine } from '@datapulse/contract/csv'
import { openOutput } from './output.ts'

describe('CSV', () => {
  it('quotes what has to be, and nothing else', () => {
    assert.equal(csvLine(['a', 1, null, undefined, 'b c', '']), 'a,1,,,b c,\r\n')
    assert.equal(csvLine(['a,b', 'say "x"', 'two\nlines']), '"a,b","say ""x""","two\nlines"\r\n')
  })

  it('keeps texts from being formulas, and leaves numbers alone', () => {
    assert.equal(csvLine(['=1+1', '+1', '@a', '-1+1', '-a', '\tx']), "'=1+1,'+1,'@a,'-1+1,'-a,'\tx\r\n")
    assert.equal(csvLine(['\r=1']), '"\'\r=1"\r\n')
    assert.equal(csvLine([-5, '-5', '-0.25', '1.5']), '-5,-5,-0.25,1.5\r\n')
  })

  it('has its values whole in a file, and without control characters on a terminal', () => {
    const written = (isTTY: boolean) => {
      let text = ''
      const stream = { write: (more: string) => void (text += more), isTTY }
      openOutput(stream, stream).csv(['game_type', 'stake'], [['\u001b[31mred', '-5']])
      return text
    }
    assert.equal(written(false), 'game_type,stake\r\n\u001b[31mred,-5\r\n')
    assert.equal(written(true), 'game_type,stake\r\n␛[31mred,-5\r\n')
  })
})
