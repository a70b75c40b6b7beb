// A folder for one figure's files, on the disk that the server would use (under the checkout, not the system's temporary
// folder, which may be memory, where a sync costs nothing). Removed when the figure is done, and when the bench ends.

import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../..')
const parent = join(root, 'tmp')
const places = new Set<string>()

process.on('exit', () => {
  for (const place of places) remove(place)
})

/** A fresh folder. */
export function makePlace(): string {
  mkdirSync(parent, { recursive: true })
  const place = mkdtempSync(join(parent, 'bench-'))
  places.add(place)
  return place
}

export function removePlace(place: string): void {
  places.delete(place)
  remove(place)
}

function remove(place: string): void {
  rmSync(place, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 })
  try {
    rmdirSync(parent)
  } catch {
    // Others use it.
  }
}
