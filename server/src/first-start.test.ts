// What is printed at a start can be pasted: the command line is told where the server is when it is not where it looks.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from './config.ts'
import { welcomeText } from './first-start.ts'

function welcomed(args: string[], demo: boolean): string {
  const result = readConfig(args, {})
  if (!('config' in result)) throw new Error('The configuration of the test must be right')
  return welcomeText(result.config, demo ? { secret: 'dp_live_x' } : null, [])
}

test('with everything as usual the lines are short', () => {
  assert.match(welcomed([], true), /^ {2}npx --no datapulse events list$/m)
  assert.match(welcomed([], false), /keys create --product NAME$/m)
})

test('another port, address or directory is said in every line', () => {
  const args = ['--admin-port', '9001', '--admin-host', '::1', '--data-dir', "/tmp/it's here"]
  const options = ` --url http://[::1]:9001 --data-dir '/tmp/it'\\''s here'`
  assert.ok(welcomed(args, true).includes(`  npx --no datapulse events list${options}\n`))
  assert.ok(welcomed(args, false).includes(`keys create --product NAME${options}\n`))
  assert.match(welcomed(['--admin-host', '0.0.0.0', '--admin-port', '9001'], false), / --url http:\/\/127.0.0.1:9001$/m)
})
