// Puts packages of others where npm would install them, without asking for them again: those of the checkout, as links to the
// same files. Only what is asked for, and what that needs, so that a package that nobody names is missing.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'

type Locked = { dependencies?: Record<string, string>; optionalDependencies?: Record<string, string>; link?: true }

export function linkPackages(root: string, names: readonly string[], to: string): void {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> }
  const wanted = new Set<string>()
  const add = (name: string, from: string): void => {
    const place = placeOf(name, from)
    if (place === null || wanted.has(place) || !existsSync(join(root, place))) return
    wanted.add(place)
    const { dependencies, optionalDependencies } = lock.packages[place]!
    for (const need of Object.keys({ ...dependencies, ...optionalDependencies })) add(need, place)
  }
  /** As Node looks for it, from a package outwards. */
  const placeOf = (name: string, from: string): string | null => {
    for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
      const place = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
      if (lock.packages[place] !== undefined) return lock.packages[place].link === true ? null : place
      if (folder === '') return null
    }
  }
  for (const name of names) add(name, '')
  // A package that lies in another comes with it.
  const outermost = [...wanted].filter(place => place.lastIndexOf('node_modules/') === 0)
  for (const place of outermost) {
    mkdirSync(dirname(join(to, place)), { recursive: true })
    const from = join(root, place)
    try {
      execFileSync('cp', ['-al', from, join(to, place)], { stdio: 'ignore' })
    } catch {
      // On another disk.
      execFileSync('cp', ['-a', from, join(to, place)])
    }
    linkCommands(place, to)
  }
}

/** A package without the links of its commands is one that npm installs anew. */
function linkCommands(place: string, to: string): void {
  const { name, bin = {} } = JSON.parse(readFileSync(join(to, place, 'package.json'), 'utf8')) as {
    name: string
    bin?: string | Record<string, string>
  }
  const commands = typeof bin === 'string' ? { [name.split('/').at(-1)!]: bin } : bin
  const folder = join(to, 'node_modules/.bin')
  mkdirSync(folder, { recursive: true })
  for (const [command, path] of Object.entries(commands))
    symlinkSync(join('..', place.slice('node_modules/'.length), path), join(folder, command))
}
