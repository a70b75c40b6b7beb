// The commands against a real admin port over fake needs, and the launcher as a process.

import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { away, type Fakes, fakeEvent, makeFakes, nothingFound, startMs } from '../../server/src/web/fakes.ts'
import type { Backup } from '../../server/src/web/needs.ts'
import { openWeb, type Web } from '../../server/src/web/web.ts'
import type { Environment } from './settings.ts'
import { openPublicApi, type PublicApi } from './testing/public-api.ts'
import { type Ran, run } from './testing/run.ts'

const token = 'a-token-for-tests-only'
const silent = { info() {}, warn() {}, error() {} }
const launcher = join(import.meta.dirname, '..', 'datapulse.js')

describe('the commands', () => {
  let web: Web
  let api: PublicApi
  let fakes: Fakes
  let dataDir = ''
  let environment: Partial<Environment>
  const ask = (...args: string[]) => run(args, environment)
  const askJson = async (...args: string[]) => {
    const ran = await ask(...args, '--json')
    assert.equal(ran.code, 0, ran.stderr)
    // biome-ignore lint/suspicious/noExplicitAny: replies are looked into field by field
    return JSON.parse(ran.stdout) as any
  }

  before(async () => {
    fakes = makeFakes(2_345)
    const now = () => Date.parse('2026-03-01T12:00:00Z')
    web = await openWeb({ port: 0, host: '127.0.0.1', token, needs: fakes.needs, now, logger: silent })
    api = await openPublicApi()
    dataDir = await mkdtemp(join(tmpdir(), 'datapulse-cli-'))
    await writeFile(join(dataDir, 'admin-token'), `${token}\n`, { mode: 0o600 })
    environment = { adminUrl: `http://127.0.0.1:${web.port}`, apiUrl: api.url, dataDir }
  })
  after(async () => {
    await web.close(0)
    await api.close()
    await rm(dataDir, { recursive: true })
  })

  it('makes a key, shows it once, lists and revokes it', async () => {
    const made = await askJson(
      'keys',
      'create',
      '--product',
      'shop',
      '--test',
      '--rate-limit',
      '120',
      '--scope',
      'ingest,read',
    )
    assert.deepEqual(Object.keys(made).slice(0, 3), ['id', 'key', 'product'])
    assert.deepEqual([made.product, made.mode, made.rate_limit, made.scopes], ['shop', 'test', 120, ['ingest', 'read']])

    const shown = await ask('keys', 'create', '--product', 'shop', '--name', 'second', '--expires', '7d')
    assert.match(shown.stdout, /^dp_live_secret2\n/)
    assert.match(shown.stdout, /shown once/)

    const listed = await askJson('keys', 'list', '--product', 'shop')
    assert.deepEqual(
      listed.map((key: { name: string }) => key.name),
      ['default', 'second'],
    )
    assert.ok(!JSON.stringify(listed).includes('secret'))

    assert.equal((await askJson('keys', 'revoke', made.id)).state, 'revoked')
    const none = await ask('keys', 'revoke', 'key_none')
    assert.equal(none.code, 1)
    assert.match(none.stderr, /no key of this id/)
  })

  it('makes a viewer, shows the token once, lists and removes it', async () => {
    const made = await askJson('viewers', 'create', 'Support')
    assert.match(made.token, /^dpv_/)
    assert.match((await ask('viewers', 'create', 'Second')).stdout, /^dpv_secret2\n[^]*shown once/)
    const listed = await askJson('viewers', 'list')
    assert.deepEqual(
      listed.map(({ name }: { name: string }) => name),
      ['Support', 'Second'],
    )
    assert.ok(!JSON.stringify(listed).includes('dpv_'))
    assert.equal((await askJson('viewers', 'remove', made.id)).name, 'Support')
    assert.match((await ask('viewers', 'remove', 'none')).stderr, /no viewer of this id/)
  })

  it('makes and lists products', async () => {
    assert.equal((await askJson('products', 'create', 'casino-1')).id, 'casino-1')
    assert.ok((await askJson('products', 'list')).some(({ id }: { id: string }) => id === 'casino-1'))
    const wrong = await ask('products', 'create', 'Casino One')
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /product id/)
  })

  it('lists events as one array of flat objects, over as many pages as it takes', async () => {
    const all = await askJson('events', 'list', '--limit', '100000')
    assert.equal(all.length, 2_345)
    assert.equal(new Set(all.map((event: { transaction_id: string }) => event.transaction_id)).size, 2_345)
    assert.ok(!('raw' in all[0]))
    assert.equal((await askJson('events', 'list', '--limit', '1500')).length, 1_500)
    assert.equal((await askJson('events', 'list')).length, 100)
    const [flagged] = await askJson('events', 'list', '--limit', '1')
    assert.deepEqual(flagged?.flags, ['future_skew', 'sign_mismatch'])
    assert.match((await ask('events', 'list', '--limit', '1')).stdout, /\tfuture_skew,sign_mismatch\n/)
    const one = await askJson('events', 'list', '--transaction', 'tx_7', '--raw')
    assert.deepEqual([one.length, one[0].amount, one[0].raw], [1, '50', '{"event_name":"deposit"}'])
    assert.deepEqual(await askJson('events', 'list', '--transaction', 'none'), [])
  })

  it('lets no outside text move a terminal', async () => {
    const evil = '\u001b[2J\u009b31m\u202eevil\n'
    fakes.events.unshift({ ...fakeEvent(9_000), client_user_id: evil, transaction_id: 'evil' })
    const table = await ask('events', 'list', '--transaction', 'evil')
    const json = await ask('events', 'list', '--transaction', 'evil', '--json')
    fakes.events.shift()
    for (const { stdout } of [table, json]) assert.doesNotMatch(stdout, /[^\P{Cc}\t\n]|\u202e/u)
    assert.equal(table.stdout.trimEnd().split('\n').length, 2)
    assert.equal(JSON.parse(json.stdout)[0].client_user_id, evil)
  })

  it('counts, and lists duplicates, parked and rejected events', async () => {
    assert.equal((await askJson('counts'))[0].amount, '150.000000000000000001')
    assert.match(
      (await ask('counts')).stdout,
      /^product\tmode\tevent_name\tcurrency\tevents\tamount\ndemo\tlive\tdeposit\tUSD\t3\t150/,
    )
    assert.equal((await askJson('duplicates', 'list', '--conflicts'))[0].conflict, true)
    assert.equal((await askJson('parked', 'list'))[0].reason, 'unreadable')
    assert.equal((await askJson('rejected', 'list'))[0].code, 'VALIDATION_ERROR')
    for (const name of ['duplicates', 'parked', 'rejected']) assert.match((await ask(name, 'list')).stdout, /demo/)
  })

  it('lists acts with who did them, and says by its exit code whether the record is whole', async () => {
    await ask('keys', 'create', '--product', 'audited')
    const [act] = await askJson('audit', 'list', '--product', 'audited')
    assert.deepEqual([act.act, act.actor, act.outcome], ['key.create', 'tester', 'done'])
    assert.match(
      (await ask('audit', 'list', '--act', 'key.create')).stdout,
      /\ttester\ttoken\t.*\tkey.create\taudited\t/,
    )
    await run(['keys', 'list'], { ...environment, adminToken: 'not-the-right-token' })
    assert.equal((await askJson('audit', 'list', '--attempts'))[0].code, 'UNAUTHORIZED')
    await run(['products', 'create', 'named'], { ...environment, actor: 'Zoë\n' })
    assert.equal((await askJson('audit', 'list', '--limit', '1'))[0].actor, 'Zo??')

    const whole = await ask('audit', 'verify')
    assert.deepEqual([whole.code, /^acts +whole: \d+ entries/.test(whole.stdout)], [0, true], whole.stdout)
    const broken = await ask('audit', 'verify', '--known', `9999:${'f'.repeat(64)}`)
    assert.equal(broken.code, 1)
    assert.match(broken.stdout, /acts +BROKEN: entry 9999 is gone/)
  })

  it('says how the server is, and by its exit code whether all is well', async () => {
    const well = await ask('status')
    assert.equal(well.code, 0)
    assert.match(
      well.stdout,
      /accepted 10 = stored 6 \+ duplicate 2 \(conflicts 1\) \+ parked 1 \+ erased 0 \+ in flight 1/,
    )
    const { warehouse } = fakes.standing.stages
    fakes.standing.stages.warehouse = { ready: false, why: 'it restarts' }
    const unwell = await ask('status')
    fakes.standing.stages.warehouse = warehouse!
    assert.equal(unwell.code, 1)
    assert.match(unwell.stdout, /warehouse +not ready: it restarts/)
  })

  it('says why no events arrive, and by its exit code whether there is a problem', async () => {
    const quiet = await ask('diagnostics', '--product', 'demo')
    assert.equal(quiet.code, 0, quiet.stderr)
    assert.match(quiet.stdout, /^demo, live keys, 2026-02-28T12:00:00Z to 2026-03-01T12:00:00Z: nothing\n/)
    assert.match(quiet.stdout, /\(none sent\)|dp_live_ab\t203\.0\.113\.9\t4/)
    assert.match(quiet.stdout, /^deposit\tnot_seen\t0\t/m)

    const { readDiagnostics } = fakes.needs
    const evil = { event_name: '\u001b[2JDeposit', requests: 3 }
    fakes.needs.readDiagnostics = async () => ({
      ...nothingFound,
      refused: [{ key_id: 'key_none', code: 'VALIDATION_ERROR', events: 3, requests: 3, lastMs: startMs - 1 }],
      mistakes: {
        kept: 3,
        rules: [{ rule: 'required', field: 'amount', requests: 3, violations: 3 }],
        names: [evil],
      },
    })
    const broken = await ask('diagnostics', '--product', 'demo', '--mode', 'test', '--since', '1h')
    const told = await askJson('events', 'list', '--limit', '1').then(() =>
      ask('diagnostics', '--product', 'demo', '--json'),
    )
    fakes.needs.readDiagnostics = readDiagnostics
    assert.equal(broken.code, 1)
    assert.match(broken.stdout, /^demo, test keys, 2026-03-01T11:00:00Z to .*: problem\n/)
    assert.match(
      broken.stdout,
      /problem {4}schema .*amount is missing in 3 requests\.\n +→ .*--rule required --field 'amount'/,
    )
    assert.doesNotMatch(broken.stdout, /[^\P{Cc}\t\n]/u)
    assert.equal(told.code, 1)
    assert.deepEqual([JSON.parse(told.stdout).verdict, JSON.parse(told.stdout).checks.length], ['problem', 15])

    assert.equal((await ask('diagnostics')).code, 2)
    assert.match((await ask('diagnostics', '--product', 'none')).stderr, /no product/)
  })

  it('says how much of its limit a key uses, in a line for each quarter of an hour, and of all keys of a product', async () => {
    const made = await askJson('keys', 'create', '--product', 'used')
    const { readKeyUsage } = fakes.needs
    const counts = { requests: 40, overLimit: 12, rejected: 1, events: 900, askedMax: 72 }
    const peak = { peak: 60, peakLimit: 60, peakMs: startMs - 60_000, overLimitMs: startMs - 30_000 }
    fakes.needs.readKeyUsage = async () => [{ key_id: made.id, atMs: startMs - 900_000, ...counts, ...peak }]
    const one = await ask('keys', 'usage', made.id, '--since', '24h')
    const all = await ask('keys', 'usage', '--product', 'used')
    const told = await askJson('keys', 'usage', made.id)
    fakes.needs.readKeyUsage = readKeyUsage
    assert.equal(one.code, 0, one.stderr)
    assert.match(one.stdout, /^key_\d+ of used, 2026-02-28T12:00:00Z to .*: problem\nRefused 12 requests/)
    assert.match(one.stdout, /→ Raise the limit to 90 with `datapulse keys update key_\d+ --rate-limit 90`/)
    assert.match(one.stdout, /^In the last minute: 40 of 60 requests, 12 over the limit\.$/m)
    assert.match(one.stdout, /^2026-03-01T11:45:00\.000Z\t█{20}\t60 of 60\t40\t12\t1\t900$/m)
    assert.match(all.stdout, /^key_\d+\t60\t40\t100%\t2026-03-01T11:59:00\.000Z\t40\t12\t1\t900\tproblem$/m)
    assert.deepEqual([told.suggested_rate_limit, told.buckets.length], [90, 1])
    assert.equal((await ask('keys', 'usage')).code, 2)
    assert.equal((await ask('keys', 'usage', made.id, '--product', 'used')).code, 2)
    assert.match((await ask('keys', 'usage', 'key_none')).stderr, /no key/)
  })

  it('names what is wrong with what was asked, as the server says it', async () => {
    const { code, stderr } = await ask('events', 'list', '--since', 'yesterday', '--product', 'A B')
    assert.equal(code, 2)
    assert.match(stderr, /since must be an ISO 8601/)
    assert.match(stderr, /product must be/)
    const json = await ask('events', 'list', '--since', 'yesterday', '--json')
    assert.equal(JSON.parse(json.stderr).code, 'BAD_PARAMETERS')
    assert.equal(json.stdout, '')
  })

  it('exits 2 for what the server finds wrong with what was asked, and 1 for what it cannot do', async () => {
    const wrongs = [
      ['--product', ''],
      ['--product', 'a b/c'],
      ['--product', 'shop', '--scope', 'write'],
      ['--product', 'shop', '--expires', 'yesterday'],
      ['--product', 'shop', '--url', 'nowhere'],
    ]
    for (const wrong of wrongs) assert.equal((await ask('keys', 'create', ...wrong)).code, 2, wrong.join(' '))
    assert.equal((await ask('keys', 'revoke', 'key_none')).code, 1)
    assert.equal((await ask('products', 'create', 'full')).code, 1)
  })

  it('says what to start when nothing is there, and where the token is when it is wrong', async () => {
    const gone = await run(['events', 'list'], { ...environment, adminUrl: 'http://127.0.0.1:4' })
    assert.equal(gone.code, 1)
    assert.match(gone.stderr, /Cannot reach .* datapulse serve/)
    assert.equal(gone.stderr.trim().split('\n').length, 1)
    const noToken = await run(['events', 'list'], { ...environment, dataDir: join(dataDir, 'other') })
    assert.match(noToken.stderr, /Cannot read the admin token .*--data-dir/)
    const wrong = await run(['keys', 'list', '--json'], { ...environment, adminToken: 'not-the-right-token' })
    assert.equal(JSON.parse(wrong.stderr).code, 'UNAUTHORIZED')
    assert.equal((await run(['keys', 'list'], { ...environment, dataDir: '/nowhere', adminToken: token })).code, 0)
    const other = await run(['keys', 'list'], { ...environment, adminUrl: api.url })
    assert.equal(other.code, 1)
  })

  it('backs up into a folder named from where it runs, and says how that ended', async () => {
    const done = await ask('backup', '--to', 'copy')
    assert.match(done.stdout, /complete: 10 events stored and 1 waiting in the log, 2000 bytes. Loads waited 12 ms/)
    assert.deepEqual(fakes.asked.at(-1), { to: join(process.cwd(), 'copy'), check: false })
    assert.equal((await askJson('backup', '--to', '/backups/1')).loads_held_ms, 12)
    const refused = await ask('backup', '--to', '/full')
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /must be empty/)
    const { readBackup } = fakes.needs
    let looks = 0
    fakes.needs.readBackup = async question => (looks++ === 0 ? 'away' : readBackup(question))
    assert.equal((await ask('backup', '--to', '/backups/3')).code, 0)
    fakes.needs.readBackup = async () => null
    const lost = await ask('backup', '--to', '/backups/2', '--json')
    fakes.needs.readBackup = async question => ({
      ...((await readBackup(question)) as Backup),
      state: 'failed',
      problem: 'no room',
    })
    const failed = await ask('backup', '--to', '/backups/2')
    fakes.needs.readBackup = readBackup
    assert.deepEqual([lost.code, JSON.parse(lost.stderr).code], [1, 'BACKUP_LOST'])
    assert.deepEqual([failed.code, failed.stderr], [1, 'datapulse: no room\n'])
  })

  it('says that the warehouse is away', async () => {
    const { listEvents } = fakes.needs
    fakes.needs.listEvents = async () => {
      throw away()
    }
    const { code, stderr, stdout } = await ask('events', 'list', '--json')
    fakes.needs.listEvents = listEvents
    assert.deepEqual([code, stdout, JSON.parse(stderr).code], [1, '', 'WAREHOUSE_AWAY'])
  })

  it('prints the header of a report without rows, and says when there is no such product', async () => {
    const range = ['--from', '2026-06-01', '--to', '2026-06-02']
    const late = (...more: string[]) => ask('report', 'late', '--product', 'demo', ...range, ...more)
    const head = ['day', 'event_name', 'currency', 'events', 'amount', 'first_received_at', 'last_received_at']
    assert.equal((await late('--csv')).stdout, `${head.join(',')}\r\n`)
    assert.equal((await late()).stdout, `${head.join('\t')}\n`)
    assert.equal((await late('--json')).stdout, '[]\n')
    const nope = await ask('report', 'late', '--product', 'nope', ...range)
    assert.deepEqual([nope.code, nope.stdout, nope.stderr], [1, '', 'datapulse: There is no product of this id\n'])
  })

  it('sends a rates file as it is, so that a key that is there twice is found', async () => {
    const path = join(dataDir, 'rates.json')
    await writeFile(path, '{"month":"2026-05","month":"2026-06"}')
    const twice = await ask('rates', 'import', path)
    assert.deepEqual([twice.code, twice.stdout], [2, ''])
    assert.match(twice.stderr, /month was given 2 times/)
  })

  it('doctor says how far a test event got', async () => {
    const createKey = fakes.needs.accounts.createKey.bind(fakes.needs.accounts)
    fakes.needs.accounts.createKey = async wish => {
      const made = await createKey(wish)
      return made.ok ? { ...made, secret: 'dp_test_good' } : made
    }
    api.stumbles.push({ status: 401, body: { code: 'UNAUTHORIZED' } })
    fakes.events.unshift({ ...fakeEvent(1), product: 'doctors' })
    const fine = await ask('doctor', '--json', '--product', 'doctors')
    fakes.events.shift()
    assert.equal(fine.code, 0, fine.stdout)
    const { ok, steps } = JSON.parse(fine.stdout)
    assert.equal(ok, true)
    assert.equal(steps.length, 6)
    assert.ok(api.accepted.at(-1)?.includes('datapulse_doctor'))
    assert.ok(
      fakes.keys.filter(key => key.name === 'doctor').every(key => key.mode === 'test' && key.revokedMs !== null),
    )

    const stuck = await ask('doctor', '--timeout', '1', '--product', 'doctors')
    assert.equal(stuck.code, 1)
    assert.match(stuck.stdout, /FAIL the event is listed .*the pipeline is 1 events/)
    assert.match(stuck.stdout, /ok +the key is revoked/)

    // Where nobody names the public API, the admin API tells where it is.
    const { hostname, port } = new URL(api.url)
    const { stages } = fakes.standing
    fakes.standing.stages = { ...stages, api: { ready: true, why: null, host: hostname, port: Number(port) } }
    fakes.events.unshift({ ...fakeEvent(1), product: 'doctors' })
    const told = await run(['doctor', '--product', 'doctors'], { ...environment, apiUrl: null })
    fakes.events.shift()
    fakes.standing.stages = stages
    assert.deepEqual([told.code, /ok +the public API acknowledges/.test(told.stdout)], [0, true], told.stdout)

    const doorless = await run(['doctor'], { ...environment, apiUrl: 'http://127.0.0.1:4' })
    assert.match(doorless.stdout, /FAIL the public API acknowledges .*Cannot reach the public API/)
    fakes.needs.accounts.createKey = createKey
  })
})

describe('the launcher', () => {
  it('exits 2 with a suggestion for what it does not know, and 0 for help', async () => {
    const command = await launch(['evnts'])
    assert.equal(command.code, 2)
    assert.match(command.stderr, /Did you mean events\?/)
    const option = await launch(['events', 'list', '--limt', '3', '--json'])
    assert.equal(option.code, 2)
    assert.match(JSON.parse(option.stderr).message, /Did you mean --limit\?/)
    const help = await launch(['events', 'list', '--help'])
    assert.equal(help.code, 0)
    assert.match(help.stdout, /Examples:/)
  })

  it('says in help how to begin, and of each command what must be given, first', async () => {
    const all = await launch(['--help'])
    for (const said of [/First steps:/, /datapulse keys create --product/, /datapulse COMMAND --help/])
      assert.match(all.stdout, said)
    const summary = await launch(['report', 'summary', '--help'])
    assert.equal(summary.code, 0)
    assert.match(summary.stdout, /registrations, first deposits.*net deposits and\s+hold/s)
    assert.doesNotMatch(summary.stdout, /the same/, 'it stands alone')
    const options = [...summary.stdout.matchAll(/^ {2}--([\w-]+)/gm)].map(([, name]) => name)
    assert.deepEqual(options.slice(0, 3), ['product', 'from', 'to'])
    assert.deepEqual(options.slice(-3), ['json', 'url', 'data-dir'])
    assert.equal((summary.stdout.match(/\(required\)/g) ?? []).length, 3)
    const wrong = await launch(['replay', 'x', '--position', 'first'])
    assert.deepEqual([wrong.code, /whole number from -2 to 4999/.test(wrong.stderr)], [2, true])
  })

  it('exits 2 also when it is the server that finds it wrong', async t => {
    const web = await openWeb({
      port: 0,
      host: '127.0.0.1',
      token,
      needs: makeFakes().needs,
      now: () => startMs,
      logger: silent,
    })
    t.after(() => web.close(0))
    const variables = { DATAPULSE_ADMIN_PORT: String(web.port), DATAPULSE_ADMIN_TOKEN: token }
    const wrong = await launch(['events', 'list', '--since', 'yesterday'], variables)
    assert.equal(wrong.code, 2, wrong.stderr)
    assert.equal((await launch(['keys', 'list'], variables)).code, 0, 'the variables of the server say where it is')
  })

  it('exits 1 when the server cannot be reached', async () => {
    const { code, stderr } = await launch(['keys', 'list', '--url', 'http://127.0.0.1:4'])
    assert.equal(code, 1)
    assert.match(stderr, /start the server/)
  })

  it('is quiet when its reader goes away', async () => {
    const { code, stderr } = await shell(`"${process.execPath}" "${launcher}" generate --events 3000 | head -1`)
    assert.deepEqual([code, stderr], [0, ''])
  })
})

function launch(args: string[], variables: Record<string, string> = {}): Promise<Ran> {
  const env = { ...process.env, ...variables }
  return new Promise(resolve => {
    execFile(process.execPath, [launcher, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

function shell(line: string): Promise<Ran> {
  return new Promise(resolve => {
    execFile('/bin/sh', ['-c', line], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

describe('the launcher on an older Node', () => {
  const old = olderNode()
  const skip = old === null ? 'no Node older than 26 is installed' : false

  it('runs the command in the pinned one', { skip }, async () => {
    const { code, stdout } = await shell(`"${old}" "${launcher}" generate --events 3 --seed old`)
    assert.equal(code, 0)
    assert.equal(stdout.trim().split('\n').length, 3)
    assert.equal((await shell(`"${old}" "${launcher}" evnts`)).code, 2)
  })

  it('passes signals on, and ends as its child ended', { skip }, async () => {
    const child = spawn(old!, [launcher, 'send', '--key-file', launcher, '-'], { stdio: ['pipe', 'ignore', 'pipe'] })
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    assert.deepEqual(await ended, [null, 'SIGTERM'])
  })
})

function olderNode(): string | null {
  for (const path of ['/usr/bin/node', '/usr/local/bin/node']) {
    const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
    if (status === 0 && Number.parseInt(stdout.slice(1), 10) < 26) return path
  }
  return null
}
