// Reads a unit of systemd: the settings of a section, each with all its values.

import { readFileSync } from 'node:fs'

export function readUnit(path: string): (section: string, name: string) => string[] {
  const settings = new Map<string, string[]>()
  let section = ''
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [, head] = /^\[(\w+)\]$/.exec(line) ?? []
    if (head !== undefined) section = head
    const [, name, value = ''] = /^(\w+)=(.*)$/.exec(line) ?? []
    if (name === undefined) continue
    const key = `${section}.${name}`
    settings.set(key, [...(settings.get(key) ?? []), value])
  }
  return (section, name) => settings.get(`${section}.${name}`) ?? []
}
