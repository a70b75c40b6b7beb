// Which targets are routes, and which ask for a dry run.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRoute } from './route.ts'

test('a doubled leading slash, a trailing slash and a query are the same route', () => {
  const event = [
    '/v2/s2s/event',
    '//v2/s2s/event',
    '/v2/s2s/event/',
    '//v2/s2s/event/',
    '/v2/s2s/event?x=1',
    '/v2/s2s/event/?',
  ]
  for (const target of [...event, 'http://host:80/v2/s2s/event', 'https://host/v2/s2s/event?a']) {
    assert.deepEqual(findRoute(target), { route: 'event', dryRun: false, partial: false }, target)
  }
  assert.equal(findRoute('//v2/s2s/batch/?a=b')?.route, 'batch')
  assert.equal(findRoute('/healthz')?.route, 'healthz')
  assert.equal(findRoute('/readyz/')?.route, 'readyz')
})

test('anything else is no route', () => {
  const others = [
    '/',
    '',
    '//',
    '/v2/s2s',
    '/v2/s2s/events',
    '/V2/s2s/event',
    '///v2/s2s/event',
    '/v2//s2s/event',
    '/v2/s2s/event//',
  ]
  for (const target of [
    ...others,
    '*',
    '/openapi.yaml',
    '/docsx',
    '/v2/s2s/event%2f',
    '?',
    'http://host',
    'host:443',
  ]) {
    assert.equal(findRoute(target), null, target)
  }
})

test('dryrun is on with any value but 0, false and no', () => {
  for (const query of [
    'dryrun',
    'dryrun=',
    'dryrun=1',
    'dryrun=true',
    'dryrun=yes',
    'a=b&dryrun',
    'dryrun=0&dryrun=1',
  ]) {
    assert.equal(writeTarget(`/v2/s2s/event?${query}`)?.dryRun, true, query)
  }
  for (const query of ['', 'dryrun=0', 'dryrun=false', 'dryrun=no', 'dryrun=FALSE', 'dry=1', 'xdryrun']) {
    assert.equal(writeTarget(`/v2/s2s/event?${query}`)?.dryRun, false, query)
  }
})

test('partial is read alike, and means something to a batch only', () => {
  assert.equal(writeTarget('/v2/s2s/batch?partial=1')?.partial, true)
  assert.deepEqual(findRoute('/v2/s2s/batch/?partial&dryrun=1'), { route: 'batch', dryRun: true, partial: true })
  for (const target of ['/v2/s2s/batch', '/v2/s2s/batch?partial=0', '/v2/s2s/batch?x=1', '/v2/s2s/event?partial=1']) {
    assert.equal(writeTarget(target)?.partial, false, target)
  }
})

test('what readers ask for is a page, whatever its query', () => {
  for (const target of ['/openapi.json', '//openapi.json/', '/openapi.json?x=1'])
    assert.deepEqual(findRoute(target), { route: 'page', path: '/openapi.json' }, target)
  for (const target of ['/docs', '/docs/', '//docs?x=1'])
    assert.deepEqual(findRoute(target), { route: 'page', path: '/docs' })
  assert.deepEqual(findRoute('/docs/guides/a/'), { route: 'page', path: '/docs/guides/a' })
})

test('receipts are asked for by a request in the path, or by ids in the query', () => {
  const one = findRoute('//v2/s2s/requests/0199f2d4/?x=1')
  assert.deepEqual(one?.route === 'requests' && one.request, '0199f2d4')
  const some = findRoute('/v2/s2s/requests?transaction_id=a%20b')
  assert.ok(some?.route === 'requests' && some.request === null)
  assert.equal(some.query.get('transaction_id'), 'a b')
  for (const target of ['/v2/s2s/requests//', '/v2/s2s/requests/a/b', '/v2/s2s/requestsx', '/v2/s2s/request/a'])
    assert.equal(findRoute(target), null, target)
})

function writeTarget(target: string) {
  const found = findRoute(target)
  return found?.route === 'event' || found?.route === 'batch' ? found : null
}
