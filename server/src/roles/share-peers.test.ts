// Who takes a share of the log and who gives one away: all have as many as each other in the end.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayTakeShare, type Peer, shareToGive } from './share-peers.ts'

const peer = (id: string, ...shares: number[]): Peer => ({ id, shares })

test('whoever has fewest takes what is free, and anybody does when they do not', () => {
  assert.equal(mayTakeShare(peer('a'), [], 0), true)
  assert.equal(mayTakeShare(peer('a'), [peer('b', 1)], 0), true)
  assert.equal(mayTakeShare(peer('a', 0), [peer('b', 1)], 0), true)
  assert.equal(mayTakeShare(peer('a', 0), [peer('b')], 5_000), false)
  assert.equal(mayTakeShare(peer('a', 0), [peer('b')], 6_000), true)
})

test('shares are given away until nobody has two more than another', () => {
  const peers = [peer('a', 0, 1, 2, 3), peer('b'), peer('c')]
  for (let moves = 0; ; moves++) {
    assert.ok(moves < 10, 'it comes to an end')
    const givers = peers.map((own, i) =>
      shareToGive(
        own,
        peers.filter((_, other) => other !== i),
      ),
    )
    const given = givers.filter(share => share !== null)
    if (given.length === 0) break
    assert.equal(given.length, 1, 'one at a time')
    const from = peers[givers.findIndex(share => share !== null)]!
    from.shares = from.shares.filter(share => share !== given[0])
    const taker = peers.find((own, i) =>
      mayTakeShare(
        own,
        peers.filter((_, other) => other !== i),
        0,
      ),
    )!
    assert.notEqual(taker, from)
    taker.shares.push(given[0]!)
  }
  assert.deepEqual(
    peers.map(({ shares }) => shares.length).toSorted((a, b) => a - b),
    [1, 1, 2],
  )
})
