// Which Chromium drives tests and measurements: Debian's, without a sandbox of its own (they may run as root), and without
// anything that it would do by itself.

import { existsSync } from 'node:fs'

/** null where there is none. */
export const chromiumProgram = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(path => existsSync(path)) ?? null

export const needsChromium = 'needs Chromium (Debian: chromium)'

export const chromiumArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
