// What the system knows of a process: memory, processor time, children. Linux only (/proc); elsewhere null or empty.

import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks of a second in /proc: 100 on every Linux of our day. */
const ticksPerSecond = 100

/**
 * Bytes of memory: `resident` is everything, `own` what no file backs. The rest are pages of programs and mapped files
 * (the index's tables among them), which the system has once for all processes and takes back when it needs room.
 */
export function memoryOf(pid: number): { resident: number; own: number } | null {
  const text = read(`/proc/${pid}/status`)
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024
  return text === '' ? null : { resident: bytes('VmRSS'), own: bytes('RssAnon') + bytes('RssShmem') }
}

/** Processor time used so far, in seconds, user and system, all threads. */
export function cpuSeconds(pid: number): number | null {
  const text = read(`/proc/${pid}/stat`)
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return text === '' ? null : (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** Children and children's children. */
export function descendants(pid: number): number[] {
  const children = tasksOf(pid).flatMap(task => read(`/proc/${pid}/task/${task}/children`).trim().split(' '))
  return children
    .filter(text => text !== '')
    .map(Number)
    .flatMap(child => [child, ...descendants(child)])
}

/** The process's arguments. */
export function argumentsOf(pid: number): string[] {
  return read(`/proc/${pid}/cmdline`).split('\0')
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
