// All configuration, as one table: name, variable, flag, kind, default and a sentence. `--help` and
// docs/reference/configuration.md are made from it. Flags win over variables. Every problem is found before anything
// starts, and all are told at once. This is the only file that reads the environment. It is long because the table is one.

import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { dataDirProblem } from './made-directory.ts'
import { isHost, readNetwork } from './network.ts'
import { placeFileProblem } from './place-file.ts'

type Kinds = {
  text: string
  port: number
  path: string
  bytes: number
  /** Milliseconds. */
  duration: number
  list: string[]
  count: number
  /** `yes` or `no`; the flag alone says yes. */
  switch: boolean
}
type Kind = keyof Kinds

export type Option<K extends Kind = Kind> = {
  variable: string
  flag: string
  kind: K
  /** As a person would write it; '' is none. */
  default: string
  sentence: string
  /** Where given, the value must be one of these. */
  among?: readonly string[]
  /** Where given, the value must match; `want` says it in words. */
  pattern?: RegExp
  want?: string
  /** Looks at a value of the right kind; says what was got where it is not right. */
  wrong?(value: Kinds[K]): string | null
  secret?: true
}

/** Variables by name, as a process has them. */
export type Variables = Record<string, string | undefined>

const option = <K extends Kind>(o: Option<K>): Option<K> => o

const address = {
  want: 'an IP address or a host name, without port and brackets',
  wrong: (value: string) => (isHost(value) ? null : quote(value)),
}
const placeDatabase = {
  want: 'an MMDB file that can be read',
  wrong: (path: string) => (path === '' ? null : got(path, placeFileProblem(path))),
}
const natsAddress = {
  pattern: /^(embedded|(nats|tls):\/\/[^\s@,]+(,(nats|tls):\/\/[^\s@,]+)*)$/,
  want: '`embedded` or nats:// or tls:// addresses without user name and password, separated by commas',
  wrong: (text: string) =>
    text === 'embedded' ? null : quoteAll(text.split(',').filter(address => !URL.canParse(address))),
}
const logBudgetMin = 256 * 2 ** 20
const stopTimeoutMin = 1_000

export const options = {
  role: option({
    variable: 'DATAPULSE_ROLE',
    flag: 'role',
    kind: 'text',
    default: 'all',
    among: ['all', 'api', 'pipeline', 'web', 'engine'],
    sentence:
      'Which part runs in this process; `all` runs every part, each in a process of its own, and restarts what ends.',
  }),
  dataDir: option({
    variable: 'DATAPULSE_DATA_DIR',
    flag: 'data-dir',
    kind: 'path',
    default: './data',
    want: 'a directory that can be written to, or a place where one can be made',
    wrong: dir => got(dir, dataDirProblem(dir)),
    sentence: 'Where everything is kept. One server at a time can use it.',
  }),
  host: option({
    variable: 'DATAPULSE_HOST',
    flag: 'host',
    kind: 'text',
    default: '127.0.0.1',
    ...address,
    sentence:
      'Address that the public port listens on. Put a proxy that ends TLS in front before it is more than loopback.',
  }),
  port: option({
    variable: 'DATAPULSE_PORT',
    flag: 'port',
    kind: 'port',
    default: '8080',
    sentence: 'Public port: events, /healthz and /readyz. 0 is one that is free, which the start tells.',
  }),
  adminHost: option({
    variable: 'DATAPULSE_ADMIN_HOST',
    flag: 'admin-host',
    kind: 'text',
    default: '127.0.0.1',
    ...address,
    sentence: 'Address that the admin port listens on.',
  }),
  adminPort: option({
    variable: 'DATAPULSE_ADMIN_PORT',
    flag: 'admin-port',
    kind: 'port',
    default: '8081',
    sentence: 'Admin port: the admin API and /metrics.',
  }),
  adminNames: option({
    variable: 'DATAPULSE_ADMIN_NAMES',
    flag: 'admin-names',
    kind: 'list',
    default: '',
    want: 'host names such as admin.example.com, separated by commas',
    wrong: names => quoteAll(names.filter(name => !isHost(name.replace(/^\[(.*)\]$/, '$1')))),
    sentence:
      'Further host names by which the admin port may be called, separated by commas; loopback names always may.',
  }),
  adminToken: option({
    variable: 'DATAPULSE_ADMIN_TOKEN',
    flag: '',
    kind: 'text',
    default: '',
    secret: true,
    pattern: /^[\x21-\x7e]{16,}$/,
    want: 'at least 16 printable ASCII characters without spaces',
    sentence:
      'The admin token. Without it one is made on the first start and kept in DATA_DIR/admin-token (mode 0600).',
  }),
  apiWorkers: option({
    variable: 'DATAPULSE_API_WORKERS',
    flag: 'api-workers',
    kind: 'count',
    default: '1',
    want: 'a whole number from 1 to 64',
    wrong: count => (count >= 1 && count <= 64 ? null : String(count)),
    sentence:
      'How many threads take requests on the public port, which share the log and the limits: 1 for each core that is to take them.',
  }),
  trustedProxies: option({
    variable: 'DATAPULSE_TRUSTED_PROXIES',
    flag: 'trusted-proxies',
    kind: 'list',
    default: '',
    want: 'addresses or networks such as 10.0.0.0/8, separated by commas',
    wrong: networks => quoteAll(networks.filter(network => readNetwork(network) === null)),
    sentence: 'Addresses or networks (CIDR), separated by commas, from which X-Forwarded-For is believed.',
  }),
  log: option({
    variable: 'DATAPULSE_LOG',
    flag: 'log',
    kind: 'text',
    default: 'embedded',
    ...natsAddress,
    sentence:
      'The durable log: `embedded` keeps it in DATA_DIR/log; several machines share one in NATS JetStream, by the addresses of its servers.',
  }),
  logRetention: option({
    variable: 'DATAPULSE_LOG_RETENTION',
    flag: 'log-retention',
    kind: 'duration',
    default: '7d',
    sentence: 'How long processed events stay in the log, to be processed again if need be.',
  }),
  logRetentionBytes: option({
    variable: 'DATAPULSE_LOG_RETENTION_BYTES',
    flag: 'log-retention-bytes',
    kind: 'bytes',
    default: '20GiB',
    sentence: 'How large the log of processed events may grow before the oldest are dropped, however young.',
  }),
  logBudget: option({
    variable: 'DATAPULSE_LOG_BUDGET',
    flag: 'log-budget',
    kind: 'bytes',
    default: '50GiB',
    want: 'a number of bytes such as 50GiB, at least 256MiB',
    wrong: bytes => (bytes < logBudgetMin ? `${bytes} bytes` : null),
    sentence:
      'How large the log may grow at all; when unprocessed events fill it the API answers 500 with Retry-After.',
  }),
  diskFreeMin: option({
    variable: 'DATAPULSE_DISK_FREE_MIN',
    flag: 'disk-free-min',
    kind: 'bytes',
    default: '1GiB',
    sentence: 'Free space that is left on the disk; below it the API answers 500 with Retry-After.',
  }),
  accounts: option({
    variable: 'DATAPULSE_ACCOUNTS',
    flag: 'accounts',
    kind: 'text',
    default: 'embedded',
    ...natsAddress,
    sentence:
      'Products and keys: `embedded` keeps them in DATA_DIR/accounts.db; several machines share them in NATS key-value, by the addresses of its servers.',
  }),
  natsUser: option({
    variable: 'DATAPULSE_NATS_USER',
    flag: 'nats-user',
    kind: 'text',
    default: '',
    sentence: 'User name at the NATS servers.',
  }),
  natsPassword: option({
    variable: 'DATAPULSE_NATS_PASSWORD',
    flag: '',
    kind: 'text',
    default: '',
    secret: true,
    sentence: 'Password at the NATS servers; without a user name, the token.',
  }),
  natsReplicas: option({
    variable: 'DATAPULSE_NATS_REPLICAS',
    flag: 'nats-replicas',
    kind: 'count',
    default: '3',
    want: 'a whole number from 1 to 5',
    wrong: count => (count >= 1 && count <= 5 ? null : String(count)),
    sentence:
      'On how many NATS servers everything is kept; what most of them have is acknowledged, so that 3 stand the loss of one.',
  }),
  shares: option({
    variable: 'DATAPULSE_SHARES',
    flag: 'shares',
    kind: 'count',
    default: '1',
    want: 'a whole number from 1 to 64',
    wrong: count => (count >= 1 && count <= 64 ? null : String(count)),
    sentence:
      'Into how many parts, by product, a log in NATS is divided: so many pipelines can work at once. Fixed at the first start.',
  }),
  acceptWeakerDurability: option({
    variable: 'DATAPULSE_ACCEPT_WEAKER_DURABILITY',
    flag: 'accept-weaker-durability',
    kind: 'switch',
    default: 'no',
    sentence:
      'Takes NATS servers that cannot sync what they acknowledge (older than 2.10): a power cut of most of them at once then loses what came last.',
  }),
  limits: option({
    variable: 'DATAPULSE_LIMITS',
    flag: '',
    kind: 'text',
    default: 'memory',
    secret: true,
    pattern: /^(memory|rediss?:\/\/\S+)$/,
    want: '`memory` or a redis:// or rediss:// address',
    wrong: text => (text === 'memory' || URL.canParse(text) ? null : 'something else'),
    sentence:
      'Where the limits of keys are counted: `memory` is each api process by itself; several share a Redis, by its address (with user and password where it has them).',
  }),
  warehouse: option({
    variable: 'DATAPULSE_WAREHOUSE',
    flag: 'warehouse',
    kind: 'text',
    default: 'embedded',
    pattern: /^(embedded|https?:\/\/[^\s@,]+(,https?:\/\/[^\s@,]+)*)$/,
    want: '`embedded` or http:// or https:// addresses without user name and password, separated by commas',
    wrong: text => (text === 'embedded' ? null : quoteAll(text.split(',').filter(address => !URL.canParse(address)))),
    sentence:
      'The warehouse: `embedded` runs one in DATA_DIR/warehouse; else the address of a ClickHouse server, or of several, among which the shares of the log are divided in this order.',
  }),
  warehouseDatabase: option({
    variable: 'DATAPULSE_WAREHOUSE_DATABASE',
    flag: 'warehouse-database',
    kind: 'text',
    default: 'datapulse',
    pattern: /^[A-Za-z_][A-Za-z0-9_]{0,62}$/,
    want: 'letters, digits and underscores, at most 63',
    sentence: 'Name of the database in the warehouse; made when it is missing.',
  }),
  warehouseUser: option({
    variable: 'DATAPULSE_WAREHOUSE_USER',
    flag: 'warehouse-user',
    kind: 'text',
    default: 'default',
    sentence: 'User name at a ClickHouse server.',
  }),
  warehousePassword: option({
    variable: 'DATAPULSE_WAREHOUSE_PASSWORD',
    flag: '',
    kind: 'text',
    default: '',
    secret: true,
    sentence: 'Password at a ClickHouse server.',
  }),
  countryDatabase: option({
    variable: 'DATAPULSE_COUNTRY_DATABASE',
    flag: 'country-database',
    kind: 'path',
    default: '',
    ...placeDatabase,
    sentence: 'A database of countries by address (MMDB); without it the one that comes with the program is used.',
  }),
  cityDatabase: option({
    variable: 'DATAPULSE_CITY_DATABASE',
    flag: 'city-database',
    kind: 'path',
    default: '',
    ...placeDatabase,
    sentence: 'A database of cities by address (MMDB), such as GeoLite2 City; without it no city is recorded.',
  }),
  logLevel: option({
    variable: 'DATAPULSE_LOG_LEVEL',
    flag: 'log-level',
    kind: 'text',
    default: 'info',
    among: ['debug', 'info', 'warn', 'error', 'silent'],
    sentence: 'How much the server tells on standard output.',
  }),
  logFormat: option({
    variable: 'DATAPULSE_LOG_FORMAT',
    flag: 'log-format',
    kind: 'text',
    default: 'auto',
    among: ['auto', 'json', 'pretty'],
    sentence: 'How it tells: lines of JSON, or lines for people; `auto` is `pretty` on a terminal.',
  }),
  crashAt: option({
    variable: 'DATAPULSE_TEST_CRASH_AT',
    flag: '',
    kind: 'text',
    default: '',
    pattern: /^[a-z]+\.[A-Za-z]+\.(before|after)(:\d{1,6})?$/,
    want: 'a named point such as warehouse.load.after:3',
    sentence: 'For tests: the process ends itself with SIGKILL at this point, once.',
  }),
  stopTimeout: option({
    variable: 'DATAPULSE_STOP_TIMEOUT',
    flag: 'stop-timeout',
    kind: 'duration',
    default: '20s',
    want: 'a duration such as 20s, at least 1s',
    wrong: ms => (ms < stopTimeoutMin ? `${ms}ms` : null),
    sentence: 'How long a stop may take: requests in progress are answered, then the parts end one after the other.',
  }),
}

type Options = typeof options
export type Config = { [N in keyof Options]: Options[N] extends Option<infer K> ? Kinds[K] : never }

/** Variables that are not the server's but that the command line or the tests read. */
const othersVariables = ['DATAPULSE_ADMIN_URL', 'DATAPULSE_ACTOR', 'DATAPULSE_API_URL', 'DATAPULSE_API_KEY']

export type ConfigResult = { config: Config; warnings: string[] } | { problems: string[] } | { help: string }

/**
 * Reads flags and variables. Gives the configuration, or every problem, or the help text.
 *
 * @example readConfig(['--port', '9000'], {})  // { config: { port: 9000, … }, warnings: [] }
 */
export function readConfig(args: string[] = process.argv.slice(2), environment: Variables = process.env): ConfigResult {
  const problems: string[] = []
  const flags = readFlags(args, problems)
  if (flags.help === true) return { help: helpText() }
  const config: Record<string, unknown> = {}
  for (const [name, o] of Object.entries(options) as [string, Option][]) {
    const given = o.flag === '' ? undefined : flags[o.flag]
    const flagged = given === true && o.kind === 'switch' ? 'yes' : given
    const source = typeof flagged === 'string' ? `--${o.flag}` : o.variable
    const text = typeof flagged === 'string' ? flagged.trim() || o.default : textOf(o, environment)
    const value = parse(o, text)
    const found = value === null ? quote(text) : (o.wrong?.(value) ?? null)
    if (found === null) config[name] = value
    else problems.push(`${source} must be ${wanted(o)}: got ${o.secret ? 'something else' : found}.`)
  }
  problems.push(...contradictions(config))
  if (problems.length > 0) return { problems }
  return { config: config as Config, warnings: strangers(environment) }
}

/** What a variable says, as a person wrote it, or the default. */
export function textOf({ variable, default: usual }: Option, environment: Variables): string {
  return environment[variable]?.trim() || usual
}

/** The sentence for a data directory that was right at a look and could not be made: `problem` ends it. */
export function dataDirSentence(dir: string, problem: string): string {
  const { variable, flag, want } = options.dataDir
  return `${variable} (--${flag}) must be ${want}: got ${got(dir, problem)}.`
}

/** This process's environment with more variables, for a child; `otherwise` is for those that it lacks. */
export function environmentWith(more: Record<string, string>, otherwise: Record<string, string> = {}): Variables {
  return { ...otherwise, ...process.env, ...more }
}

/** The table as text, for `--help`. */
export function helpText(): string {
  const lines = [
    'Usage: datapulse serve [options]',
    '',
    'Takes events on the public port, keeps them, and answers on the admin port.',
    '',
  ]
  for (const o of Object.values(options) as Option[]) {
    const flag = o.flag === '' ? '' : `--${o.flag}${o.kind === 'switch' ? '' : ` ${wantedShort(o)}`}, `
    lines.push(`  ${flag}${o.variable}${o.default === '' ? '' : ` (default ${o.default})`}`, `      ${o.sentence}`)
  }
  return `${lines.join('\n')}\n`
}

/** Which kind of value an option takes, in a word or two. */
export function wantedShort(o: Option): string {
  if (o.among) return o.among.join('|')
  return {
    text: 'TEXT',
    port: 'PORT',
    path: 'PATH',
    bytes: 'BYTES',
    duration: 'DURATION',
    list: 'LIST',
    count: 'NUMBER',
    switch: 'yes|no',
  }[o.kind]
}

function readFlags(args: string[], problems: string[]): Record<string, string | boolean | undefined> {
  const known: Record<string, { type: 'string' | 'boolean'; short?: string }> = {
    help: { type: 'boolean', short: 'h' },
  }
  for (const o of Object.values(options) as Option[])
    if (o.flag !== '') known[o.flag] = { type: o.kind === 'switch' ? 'boolean' : 'string' }
  const { values, tokens } = parseArgs({ args, options: known, strict: false, allowPositionals: true, tokens: true })
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`${quote(token.value)} is not an option: options start with --.`)
    if (token.kind !== 'option') continue
    const spec = known[token.name]
    if (spec === undefined) problems.push(`${token.rawName} is not an option: see --help for those there are.`)
    else if (spec.type === 'string' && token.value === undefined) problems.push(`${token.rawName} needs a value.`)
    else if (spec.type === 'boolean' && token.value !== undefined) problems.push(`${token.rawName} takes no value.`)
  }
  return values as Record<string, string | boolean | undefined>
}

function parse(o: Option, text: string): Kinds[Kind] | null {
  if (text === '' && o.kind !== 'list') return o.default === '' ? '' : null
  if (o.among && !o.among.includes(text)) return null
  if (o.pattern && !o.pattern.test(text)) return null
  if (o.kind === 'port') return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : null
  if (o.kind === 'path') return resolve(text)
  if (o.kind === 'count') return /^\d{1,9}$/.test(text) ? Number(text) : null
  if (o.kind === 'switch') return text === 'yes' ? true : text === 'no' ? false : null
  if (o.kind === 'bytes') return parseSize(text, { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 })
  if (o.kind === 'duration') return parseSize(text, { ms: 1, s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7 })
  if (o.kind === 'list') return text.split(',').flatMap(part => (part.trim() === '' ? [] : [part.trim()]))
  return text
}

function parseSize(text: string, units: Record<string, number>): number | null {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*([A-Za-z]*)$/.exec(text)
  const factor = match === null ? undefined : units[match[2] as string]
  if (match === null || factor === undefined) return null
  const value = Math.round(Number(match[1]) * factor)
  return Number.isSafeInteger(value) ? value : null
}

function wanted(o: Option): string {
  if (o.among) return `one of ${o.among.join(', ')}`
  if (o.want) return o.want
  return {
    text: 'a text',
    port: 'a port number from 0 to 65535',
    path: 'a path',
    bytes: 'a number of bytes such as 1048576, 64MiB or 20GiB',
    duration: 'a duration such as 500ms, 20s, 15m, 12h or 7d',
    list: 'a list separated by commas',
    count: 'a whole number',
    switch: 'yes or no',
  }[o.kind]
}

/** Of values that are right each by itself; one that is not is absent, and named already. */
function contradictions({ port, adminPort, logRetentionBytes, logBudget, log, shares = 1 }: Partial<Config>): string[] {
  const problems: string[] = []
  if (shares > 1 && log === 'embedded')
    problems.push(
      `${options.shares.variable} must be 1 where ${options.log.variable} is \`embedded\`, which one pipeline follows: got ${shares}.`,
    )
  if (port !== undefined && port === adminPort && port !== 0)
    problems.push(`${options.port.variable} and ${options.adminPort.variable} must differ: both are ${port}.`)
  if (logRetentionBytes !== undefined && logBudget !== undefined && logRetentionBytes > logBudget)
    problems.push(
      `${options.logRetentionBytes.variable} must not be more than ${options.logBudget.variable}: got ${logRetentionBytes} and ${logBudget} bytes.`,
    )
  return problems
}

/** A misspelt variable would otherwise be passed over without a word. */
function strangers(environment: Variables): string[] {
  const known = new Set([...(Object.values(options) as Option[]).map(o => o.variable), ...othersVariables])
  return Object.keys(environment)
    .filter(name => name.startsWith('DATAPULSE_') && !name.startsWith('DATAPULSE_TEST_') && !known.has(name))
    .map(name => `${name} is not a variable of this server and is passed over.`)
}

/** A path with what is wrong about it, or null where nothing is. */
function got(path: string, problem: string | null): string | null {
  return problem === null ? null : `${quote(path)}, ${problem}`
}

/** null where there is none. */
function quoteAll(texts: string[]): string | null {
  return texts.length === 0 ? null : texts.map(quote).join(', ')
}

function quote(text: string): string {
  const short = text.length > 64 ? `${text.slice(0, 64)}…` : text
  return JSON.stringify(short)
}
