// Completes package-lock.json after an `npm install`: packages for other platforms that the registry in use does not
// hold are left out of the lock by npm, and `npm ci` then refuses it, here and on those platforms. This adds what the
// lock's own packages name as optional: the version they pin, and the platform that its name says. Run it after every
// change of the lock; `node tools/complete-lock.ts --check` says whether there is something to add.

import { readFileSync, writeFileSync } from 'node:fs'

type Entry = {
  version?: string
  dev?: boolean
  optional?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
}
type Lock = { packages: Record<string, Entry> }

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const processors = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el', 'wasm32']

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock
const added: string[] = []
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === '') continue
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`
    if (lock.packages[place] !== undefined || lock.packages[`${path}/${place}`] !== undefined) continue
    lock.packages[place] = { version, ...platformOf(name), ...(entry.dev ? { dev: true } : {}), optional: true }
    added.push(`${name}@${version}`)
  }
}
const sorted = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
if (added.length > 0 && process.argv.includes('--check')) {
  console.log(`package-lock.json lacks ${added.join(', ')}: run node tools/complete-lock.ts`)
  process.exitCode = 1
} else if (added.length > 0) {
  writeFileSync('package-lock.json', `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`)
  console.log(`added ${added.length} packages`)
}

function platformOf(name: string): Pick<Entry, 'os' | 'cpu' | 'libc'> {
  const words = (name.split('/').at(-1) ?? name).split('-')
  const os = systems.filter(system => words.includes(system))
  const cpu = processors.filter(processor => words.includes(processor))
  const isMusl = words.some(word => word.startsWith('musl'))
  const libc = isMusl ? ['musl'] : words.some(word => word.startsWith('gnu')) ? ['glibc'] : []
  // A name that says no platform is of one that nobody has, rather than of every one.
  if (os.length === 0 && cpu.length === 0) return { cpu: ['none'] }
  return { ...(os.length > 0 ? { os } : {}), ...(cpu.length > 0 ? { cpu } : {}), ...(libc.length > 0 ? { libc } : {}) }
}
