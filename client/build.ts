// Builds the package for others: `dist/` with JavaScript that runs from Node 20 on, Bun, Deno and edge runtimes, in which what is
// used of the contract is bundled, and the types, in which the contract's are included. `npm pack` runs it: `--pack` makes of
// package.json what is packed, which names `dist/` instead of the sources, and `--unpack` puts it back.

import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { build } from 'esbuild'

const here = import.meta.dirname
const root = join(here, '..')
const dist = join(here, 'dist')
const manifestPath = join(here, 'package.json')
const asidePath = join(here, 'package.source.json')

const built = {
  '.': { types: './dist/types/client/src/index.d.ts', default: './dist/index.js' },
  './spool': { types: './dist/types/client/src/spool.d.ts', default: './dist/spool.js' },
}

if (process.argv.includes('--unpack')) restoreManifest()
else {
  rmSync(dist, { recursive: true, force: true })
  await buildScripts()
  buildTypes()
  if (process.argv.includes('--pack')) changeManifest()
}

async function buildScripts(): Promise<void> {
  await build({
    entryPoints: [join(here, 'src/index.ts'), join(here, 'src/spool.ts')],
    outdir: dist,
    bundle: true,
    // What both share is in one file: an error of the spool is an error of the client.
    splitting: true,
    chunkNames: 'shared-[hash]',
    format: 'esm',
    platform: 'neutral',
    target: ['es2022', 'node20'],
    external: ['node:*'],
    legalComments: 'none',
  })
}

/** The compiler says where each declaration is; names of packages become paths, and `.ts` becomes `.js`. */
function buildTypes(): void {
  const scratch = mkdtempSync(join(tmpdir(), 'datapulse-types-'))
  try {
    const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
    const options = [
      '--noEmit',
      'false',
      '--declaration',
      '--emitDeclarationOnly',
      '--rootDir',
      root,
      '--outDir',
      scratch,
    ]
    const project = join(scratch, 'tsconfig.json')
    const entries = [join(here, 'src/index.ts'), join(here, 'src/spool.ts')]
    // Declarations of what is found as a package are not written: the contract's files are named.
    const files = [...entries, ...globSync(join(root, 'contract/!(*.*).ts'))]
    const compilerOptions = { typeRoots: [join(root, 'node_modules/@types')] }
    writeFileSync(
      project,
      JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, files, include: [] }),
    )
    execFileSync(process.execPath, [tsc, '-p', project, ...options], { stdio: ['ignore', 'inherit', 'inherit'] })
    for (const entry of entries) keepTypes(scratch, relative(root, entry).replace(/\.ts$/, '.d.ts'), new Set())
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Copies a declaration, and those that it names. */
function keepTypes(scratch: string, path: string, kept: Set<string>): void {
  if (kept.has(path)) return
  kept.add(path)
  const named: string[] = []
  const text = readFileSync(join(scratch, path), 'utf8').replace(
    /(from |import\()'([^']+)'/g,
    (whole, word: string, from: string) => {
      if (from.startsWith('node:')) return whole
      const target =
        from === '@datapulse/contract' ? 'contract/contract.d.ts' : join(dirname(path), from).replace(/\.ts$/, '.d.ts')
      named.push(target)
      const way = relative(dirname(path), target).replace(/\.d\.ts$/, '.js')
      return `${word}'${way.startsWith('.') ? way : `./${way}`}'`
    },
  )
  const copy = join(dist, 'types', path)
  mkdirSync(dirname(copy), { recursive: true })
  writeFileSync(copy, text)
  for (const target of named) keepTypes(scratch, target, kept)
}

/** Until it is put back, the workspace imports what was built, which is the same. */
function changeManifest(): void {
  restoreManifest()
  const text = readFileSync(manifestPath, 'utf8')
  writeFileSync(asidePath, text)
  const { scripts, devDependencies: _, private: __, ...rest } = JSON.parse(text) as Record<string, unknown>
  const { postpack } = scripts as Record<string, string>
  writeFileSync(manifestPath, `${JSON.stringify({ ...rest, exports: built, scripts: { postpack } }, null, 2)}\n`)
}

function restoreManifest(): void {
  if (existsSync(asidePath)) renameSync(asidePath, manifestPath)
}
