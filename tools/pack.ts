// Packs what others install: `node tools/pack.ts [--to FOLDER] [PACKAGE…]` writes one file each, FOLDER/NAME.tgz.
//
//   datapulse            the server and the command line: JavaScript and types, the documentation and the console that it serves, the Node that it
//                        runs on. @datapulse/server and @datapulse/contract are inside of it: they are in no registry
//   @datapulse/contract  what an event is on the wire, alone
//   @datapulse/client    builds itself (client/build.ts)
//
// A package is laid out in a temporary folder with the files of the checkout where they are in it, `.ts` as `.js` and `.d.ts`:
// Node runs no TypeScript in node_modules. The checkout is left as it is.

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'

type Manifest = Record<string, unknown> & {
  name: string
  version: string
  exports?: Record<string, string>
  dependencies?: Record<string, string>
}

const root = join(import.meta.dirname, '..')

/** How each is laid out in a folder. */
const packages: Record<string, (folder: string) => void> = {
  datapulse: layOutDatapulse,
  '@datapulse/contract': folder => layOut('contract', folder),
}
/** These are packed where they are, and build themselves. */
const selfBuilding: Record<string, string> = { '@datapulse/client': 'client' }

const { values, positionals } = parseArgs({
  options: { to: { type: 'string', default: '.' } },
  allowPositionals: true,
})
const names = [...Object.keys(packages), ...Object.keys(selfBuilding)]
const strange = positionals.filter(name => !names.includes(name))
if (strange.length > 0) {
  console.error(`There is no package ${strange.join(', ')}: there are ${names.join(', ')}.`)
  process.exit(2)
}
const to = resolve(values.to)
mkdirSync(to, { recursive: true })
const scratch = mkdtempSync(join(tmpdir(), 'datapulse-pack-'))
const built = join(scratch, 'built')
try {
  const wanted = positionals.length === 0 ? names : positionals
  if (wanted.some(name => name in packages)) compile()
  for (const name of wanted) {
    const folder = join(scratch, 'packages', name)
    packages[name]?.(folder)
    const from = selfBuilding[name] === undefined ? folder : join(root, selfBuilding[name])
    console.log(pack(name, from))
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

/** All of contract, server and command line at once, as the tree that it is. */
function compile(): void {
  const files = ['contract', 'server', 'cli'].flatMap(folder => sourcesOf(folder).map(path => join(root, folder, path)))
  const options = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      rootDir: root,
      outDir: built,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    include: [],
    files,
  }
  const project = join(scratch, 'tsconfig.json')
  writeFileSync(project, JSON.stringify(options))
  const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
  execFileSync(process.execPath, [compiler, '-p', project], { stdio: ['ignore', 'inherit', 'inherit'] })
  for (const path of globSync('**/*.js', { cwd: built })) pointAtScripts(join(built, path))
}

/** What the compiler leaves: a thread's file is named by a URL. */
function pointAtScripts(path: string): void {
  const before = readFileSync(path, 'utf8')
  const after = before.replace(/new URL\('(\.[^']+)\.ts', import\.meta\.url\)/g, "new URL('$1.js', import.meta.url)")
  if (after !== before) writeFileSync(path, after)
  const left = /^(?!\s*(\/\/|\*|\/\*)).*['"`]\.[^'"`\n]*\.ts['"`]/m.exec(after)
  if (left !== null) throw new Error(`Cannot pack ${path} because it names a file that will not be there: ${left[0]}`)
}

function sourcesOf(folder: string): string[] {
  return globSync('**/*.ts', {
    cwd: join(root, folder),
    exclude: ['**/node_modules/**', '**/dist/**', '**/testing/**'],
  })
    .filter(path => !/\.(test|fuzz\.test|fuzz|bench)\.ts$/.test(path))
    .filter(path => !/(^|\/)(fakes|fixtures)\.ts$/.test(path))
}

/** One workspace: its scripts, its types, and a manifest that names them. */
function layOut(folder: string, to: string, change: (manifest: Manifest) => Manifest = same => same): void {
  cpSync(join(built, folder), to, { recursive: true })
  const others = globSync('src/**/*', { cwd: join(root, folder), withFileTypes: true }).filter(
    entry => entry.isFile() && !entry.name.endsWith('.ts'),
  )
  for (const { parentPath, name } of others)
    cpSync(join(parentPath, name), join(to, relative(join(root, folder), parentPath), name))
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest
  const exports = Object.fromEntries(
    Object.entries(manifest.exports ?? {}).map(([name, path]) => {
      const stem = path.replace(/\.ts$/, '')
      return [name, { types: `${stem}.d.ts`, default: `${stem}.js` }]
    }),
  )
  const said = { ...manifest, ...(manifest.exports !== undefined && { exports }) } as unknown as Manifest
  writeFileSync(join(to, 'package.json'), `${JSON.stringify(change(said), null, 2)}\n`)
}

function layOutDatapulse(to: string): void {
  const inside = ['contract', 'server']
  const whole = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
  const own: Record<string, string> = {}
  for (const folder of inside)
    layOut(folder, join(to, 'node_modules/@datapulse', folder), manifest => {
      Object.assign(own, manifest.dependencies)
      return manifest
    })
  layOut('cli', to, manifest => {
    const dependencies = Object.entries({ ...own, ...manifest.dependencies }).toSorted(([a], [b]) => (a < b ? -1 : 1))
    return {
      ...manifest,
      description: whole['description'],
      license: whole['license'],
      engines: whole['engines'],
      dependencies: Object.fromEntries(dependencies),
      // Of the Node that it runs on.
      optionalDependencies: whole['optionalDependencies'],
      bundleDependencies: inside.map(name => `@datapulse/${name}`),
    }
  })
  const launcher = readFileSync(join(root, 'cli/datapulse.js'), 'utf8').replace("'./src/main.ts'", "'./src/main.js'")
  writeFileSync(join(to, 'datapulse.js'), launcher, { mode: 0o755 })
  cpSync(join(root, 'docs'), join(to, 'node_modules/@datapulse/server/docs'), { recursive: true })
  cpSync(join(root, 'console/dist'), join(to, 'node_modules/@datapulse/server/console/dist'), { recursive: true })
  const isMeant = (path: string) => !path.endsWith('.test.yml')
  for (const name of ['README.md', 'CHANGELOG.md', 'deploy'])
    cpSync(join(root, name), join(to, name), { recursive: true, filter: isMeant })
}

function pack(name: string, from: string): string {
  const folder = mkdtempSync(join(scratch, 'packed-'))
  const npm = join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js')
  const [program, args] = existsSync(npm) ? [process.execPath, [npm]] : ['npm', []]
  const words = [...args, 'pack', '--silent', '--pack-destination', folder]
  execFileSync(program, words, { cwd: from, stdio: ['ignore', 'ignore', 'inherit'] })
  const [file] = globSync('*.tgz', { cwd: folder })
  const place = join(to, `${name.replace('@', '').replace('/', '-')}.tgz`)
  cpSync(join(folder, file!), place)
  return place
}
