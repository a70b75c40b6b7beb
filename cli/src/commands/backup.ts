// `datapulse backup`: has the server copy itself into a folder of its own machine, and waits until that is done.

import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Admin } from '../admin.ts'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'
import { Failure } from '../failure.ts'
import { looks } from '../looks.ts'

/** `started_at` and `loads_held_ms` are not known of one that the pipeline outlived only as far as its manifest. */
type Backup = {
  state: 'copying' | 'done' | 'failed'
  to: string
  warehouse: 'copied' | 'server'
  bytes: number
  done: number
  loads_held_ms: number | null
  events: number
  queued: number
  problem: string | null
  started_at: string | null
  ended_at: string | null
}

const tellEveryLooks = 10

export function addBackup(program: Command, setting: Setting): void {
  withAdmin(program.command('backup'), setting)
    .description('copy everything that the running server keeps into a folder on its machine, while it goes on')
    .requiredOption('--to <folder>', 'a folder that is empty or not there, outside of the data directory')
    .addHelpText(
      'after',
      examples('datapulse backup --to /backups/2026-06-01', 'datapulse restore --check --from /backups/2026-06-01'),
    )
    .action((choice: AdminChoice & { to: string }) => backup(choice, setting))
}

async function backup(choice: AdminChoice & { to: string }, setting: Setting): Promise<void> {
  const { output } = setting
  const admin = adminOf(choice, setting)
  await admin.post('/api/backup', { to: resolve(choice.to) })
  const look = async () => (await admin.get<{ backup: Backup | null }>('/api/backup')).backup
  let looked = 0
  for await (const one of looks(
    look,
    `The pipeline cannot be asked how the backup goes: look into ${choice.to} later`,
  )) {
    looked += 1
    if (one === null) return tell(await leftThere(admin, choice.to), choice, setting)
    if (one.state === 'copying') {
      if (looked % tellEveryLooks === 0 && !choice.json) output.note(`${one.done} of about ${one.bytes} bytes`)
      continue
    }
    if (one.state === 'failed') throw new Failure('BACKUP_FAILED', one.problem ?? 'It failed: nothing is left of it')
    return tell(one, choice, setting)
  }
}

function tell(one: Backup, choice: AdminChoice, { output }: Setting): void {
  if (choice.json) output.json(one)
  else output.line(sentenceOf(one))
}

/** Of one whose pipeline was started again: it is complete when its manifest was written before. */
async function leftThere(admin: Admin, to: string): Promise<Backup> {
  const { backups } = await admin.get<{ backups: (Omit<Backup, 'state'> & { state: string })[] }>('/api/backups')
  const found = backups.find(one => one.to === resolve(to) && one.state === 'complete')
  if (found === undefined)
    throw new Failure(
      'BACKUP_LOST',
      `The pipeline was started again meanwhile: what is in ${to} is no backup, remove it`,
    )
  const { warehouse, bytes, events, queued } = found
  const unknown = { started_at: null, loads_held_ms: null, problem: null }
  return {
    state: 'done',
    to: found.to,
    warehouse,
    ended_at: found.ended_at,
    bytes,
    done: bytes,
    events,
    queued,
    ...unknown,
  }
}

function waited(ms: number | null): string {
  return ms === null ? '' : ` Loads waited ${ms} ms.`
}

function sentenceOf({ to, warehouse, events, queued, done, loads_held_ms }: Backup): string {
  const begin = `The backup in ${to} is complete:`
  if (warehouse === 'copied')
    return `${begin} ${events} events stored and ${queued} waiting in the log, ${done} bytes.${waited(loads_held_ms)}`
  return `${begin} accounts and a log of ${queued} events, ${done} bytes. The warehouse is a ClickHouse server and NOT in it: back it up by its own BACKUP.`
}
