// `datapulse backup`: has the server copy itself into a folder of its own machine, and waits until that is done.

import { resolve } from 'node:path'
import type { Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'
import { Failure } from '../failure.ts'
import { looks } from '../looks.ts'

type Backup = {
  state: 'copying' | 'done' | 'failed'
  to: string
  warehouse: 'copied' | 'server'
  bytes: number
  done: number
  loads_held_ms: number
  events: number
  queued: number
  problem: string | null
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
    if (one === null)
      throw new Failure(
        'BACKUP_LOST',
        `The pipeline was started again meanwhile: what is in ${choice.to} is no backup, remove it`,
      )
    if (one.state === 'copying') {
      if (looked % tellEveryLooks === 0 && !choice.json) output.note(`${one.done} of about ${one.bytes} bytes`)
      continue
    }
    if (one.state === 'failed') throw new Failure('BACKUP_FAILED', one.problem ?? 'It failed: nothing is left of it')
    if (choice.json) output.json(one)
    else output.line(sentenceOf(one))
    return
  }
}

function sentenceOf({ to, warehouse, events, queued, done, loads_held_ms }: Backup): string {
  const begin = `The backup in ${to} is complete:`
  if (warehouse === 'copied')
    return `${begin} ${events} events stored and ${queued} waiting in the log, ${done} bytes. Loads waited ${loads_held_ms} ms.`
  return `${begin} accounts and a log of ${queued} events, ${done} bytes. The warehouse is a ClickHouse server and NOT in it: back it up by its own BACKUP.`
}
