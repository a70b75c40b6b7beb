// Builds the console into dist, when packages are installed (`prepare`) or by `node console/build.js`. Plain JavaScript, for
// whatever Node installs. Without the build tool, as in an installation without development packages, what is there stays.
// Beside each file its forms in Brotli and gzip: browsers take the latter only over plain HTTP.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const root = import.meta.dirname
/** What the first page needs is few files: a browser takes six at a time from an HTTP/1.1 server. */
const groups = [
  { name: 'first', test: /console.src.(first|attended|early|paths|days|decimals|signed-in)\.ts$/, priority: 2 },
  { name: 'console', test: /console.src.main\.tsx$/, priority: 1 },
]
const vite = await import('vite').catch(() => null)
if (vite === null) process.stderr.write('The console was not built: the development packages are not installed.\n')
else {
  await vite.build({
    root,
    configFile: false,
    // Its warnings are about packages, and nobody who installs can do anything about them.
    logLevel: 'error',
    plugins: [
      {
        name: 'fetched at once',
        transformIndexHtml: { order: 'post', handler: (_, { bundle }) => fetchedAtOnce(bundle) },
      },
    ],
    build: {
      outDir: 'dist',
      emptyOutDir: true,
      target: 'es2023',
      modulePreload: { polyfill: false },
      // A style or picture in the text of a script would need a hole in the policy of the page.
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 1_024,
      rolldownOptions: { output: { codeSplitting: { groups } } },
    },
  })
  compress(join(root, 'dist'))
}

/** What the first page needs, told in the page: else a browser finds one after the other. */
function fetchedAtOnce(bundle) {
  const chunks = Object.values(bundle).filter(({ type }) => type === 'chunk')
  const needed = new Set()
  const add = chunk => {
    if (needed.has(chunk)) return
    needed.add(chunk)
    for (const name of chunk.imports) add(bundle[name])
  }
  add(chunks.find(({ moduleIds }) => moduleIds.some(id => id.endsWith('src/main.tsx'))))
  const link = (rel, name) => ({ tag: 'link', attrs: { rel, href: `/${name}`, crossorigin: true }, injectTo: 'head' })
  const styles = [...needed].flatMap(({ viteMetadata }) => [...viteMetadata.importedCss])
  const scripts = [...needed].filter(({ name }) => name !== 'first')
  return [
    ...styles.map(name => link('stylesheet', name)),
    ...scripts.map(({ fileName }) => link('modulepreload', fileName)),
  ]
}

function compress(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !/\.(js|css|svg)$/.test(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = readFileSync(path)
    const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
    writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }))
    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
  }
}
