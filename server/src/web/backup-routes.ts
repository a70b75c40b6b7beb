// Backups: begun by a request, made by the pipeline role, looked at until they have ended. A folder is one of the server's
// own machine, so it is named in full.

import { isAbsolute, resolve } from 'node:path'
import { sentField, sentFields } from './act.ts'
import type { WebNeeds } from './needs.ts'
import { flag, readFields, readQuery, required, text } from './parameters.ts'
import { badParameters, Refusal } from './problem.ts'
import type { Route } from './routes.ts'
import { showBackup, showBackupCheck, showBackupThere } from './shown.ts'

const pathBytesMax = 1_024
const folder = required(text(pathBytesMax), 'it names the folder')

export function backupRoutes(needs: WebNeeds): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/backup',
      async answer({ query, now }) {
        readQuery(query, {}, now)
        const last = await needs.readBackup({})
        if (last === 'away') throw pipelineAway()
        return { body: { backup: last && showBackup(last) } }
      },
    },
    {
      method: 'POST',
      path: '/api/backup',
      act: {
        name: 'backup.start',
        on: ({ body }) => ({ target: sentField(body, 'to'), values: sentFields(body, 'check') }),
      },
      async answer({ query, body, now }) {
        readQuery(query, {}, now)
        const { to, check } = readFields(body, { to: folder, check: flag }, now)
        refuse(await needs.startBackup({ to: wholePath('to', to!), check: check === true }))
        return { status: 202, body: { state: 'copying' } }
      },
    },
    {
      method: 'GET',
      path: '/api/backups',
      async answer({ query, now }) {
        readQuery(query, {}, now)
        const found = await needs.listBackups({})
        if (found === 'away') throw pipelineAway()
        const { backups, check } = found
        return { body: { backups: backups.map(showBackupThere), check: check && showBackupCheck(check) } }
      },
    },
    {
      method: 'POST',
      path: '/api/backups/check',
      act: { name: 'backup.check', on: ({ body }) => ({ target: sentField(body, 'from') }) },
      async answer({ query, body, now }) {
        readQuery(query, {}, now)
        const { from } = readFields(body, { from: folder }, now)
        refuse(await needs.checkBackup({ from: wholePath('from', from!) }))
        return { status: 202, body: { state: 'checking' } }
      },
    },
  ]
}

function wholePath(name: string, path: string): string {
  if (isAbsolute(path)) return resolve(path)
  throw badParameters([{ name, message: `${name} must be a whole path on the server's machine, such as /backups/1` }])
}

function refuse(begun: true | string | null): void {
  if (begun === null) throw pipelineAway()
  if (begun !== true) throw new Refusal('NOT_POSSIBLE', begun)
}

function pipelineAway(): Refusal {
  return new Refusal('PIPELINE_AWAY', 'The pipeline cannot be asked just now', { headers: { 'retry-after': '2' } })
}
