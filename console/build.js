// Builds the console into dist, when packages are installed (`prepare`) or by `node console/build.js`. Plain JavaScript, for
// whatever Node installs. Without the build tool, as in an installation without development packages, what is there stays.
// Beside each file its forms in Brotli and gzip: browsers take the latter only over plain HTTP.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const root = import.meta.dirname
const vite = await import('vite').catch(() => null)
if (vite === null) process.stderr.write('The console was not built: the development packages are not installed.\n')
else {
  await vite.build({
    root,
    configFile: false,
    // Its warnings are about packages, and nobody who installs can do anything about them.
    logLevel: 'error',
    build: {
      outDir: 'dist',
      emptyOutDir: true,
      target: 'es2023',
      modulePreload: { polyfill: false },
      // A style or picture in the text of a script would need a hole in the policy of the page.
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 1_024,
    },
  })
  compress(join(root, 'dist'))
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
