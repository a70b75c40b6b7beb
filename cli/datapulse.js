#!/usr/bin/env node
// Finds the right Node and runs the command line in it. This file is plain JavaScript that an old Node can read, because
// it is the one that a machine's own Node meets first. On Node 26 or newer it goes on in this process; otherwise it
// becomes (or, on a Node that cannot, starts) the pinned one, and passes on signals and the way it ended.

import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const nodeMajorLeast = 26

if (majorOf(process.versions.node) >= nodeMajorLeast) await import('./src/main.ts')
else {
  const node = findNode()
  if (node === null) {
    process.stderr.write(
      `datapulse needs Node ${nodeMajorLeast} or newer and this is ${process.version}: run \`npm ci\` in the checkout, which brings one, or install it.\n`,
    )
    process.exitCode = 1
  } else runIn(node)
}

function findNode() {
  const require = createRequire(import.meta.url)
  for (const name of [
    `node-${process.platform}-${process.arch}`,
    `node-bin-${process.platform}-${process.arch}`,
    'node',
  ]) {
    try {
      const manifest = require.resolve(`${name}/package.json`)
      const binary = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
      const { version } = JSON.parse(readFileSync(manifest, 'utf8'))
      if (majorOf(version) >= nodeMajorLeast && existsSync(binary)) return binary
    } catch {
      // Not installed: the next one.
    }
  }
  return null
}

function majorOf(version) {
  return Number.parseInt(version.split('.')[0], 10)
}

function runIn(node) {
  const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  const child = spawn(node, args, { stdio: 'inherit' })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  // A terminal sends its Ctrl-C to the child itself.
  const terminal = process.stdin.isTTY || process.stdout.isTTY
  for (const signal of signals) {
    process.on(signal, () => {
      if (!(signal === 'SIGINT' && terminal)) child.kill(signal)
    })
  }
  child.on('error', error => {
    process.stderr.write(`datapulse cannot start ${node}: ${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code === null ? 1 : code)
    for (const one of signals) process.removeAllListeners(one)
    process.kill(process.pid, signal)
  })
}
