// Under which name a pipeline has its leases. One that starts again on its data directory has the name of the process before
// it, so that it need not wait until that one has been silent for long enough: the lock of the directory says that it has
// ended. A copy of the directory has another name on another machine, and so has the directory itself after a reboot.
//
//   data/run/pipeline.owner   BOOT NAME

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const bootPath = '/proc/sys/kernel/random/boot_id'

/** The caller has the lock of the directory's pipeline. Where a boot of the system has no name, every start has a name of its own. */
export function leaseOwner(dataDir: string, boot: string | null = textOf(bootPath)): string {
  const path = join(dataDir, 'run', 'pipeline.owner')
  const [ofBoot, before] = textOf(path)?.split(' ') ?? []
  if (boot !== null && ofBoot === boot && before !== undefined) return before
  const name = crypto.randomUUID()
  if (boot !== null) writeFileSync(path, `${boot} ${name}\n`, { mode: 0o600 })
  return name
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return null
  }
}
