// Backups: begun by a request, made by the pipeline role, looked at until they have ended. A folder is one of the server's
// own machine, so it is named in full.

import { isAbsolute, normalize } from 'node:path'
import { sentField } from './act.ts'
import type { WebNeeds } from './needs.ts'
import { readFields, readQuery, required, text } from './parameters.ts'
import { badParameters, Refusal } from './problem.ts'
import type { Route } from './routes.ts'
import { showBackup } from './shown.ts'

const pathBytesMax = 1_024

export function backupRoutes(needs: WebNeeds): Route[] {
  const pipelineAway = () =>
    new Refusal('PIPELINE_AWAY', 'The pipeline cannot be asked just now', { headers: { 'retry-after': '2' } })
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
      act: { name: 'backup.start', on: ({ body }) => ({ target: sentField(body, 'to') }) },
      async answer({ query, body, now }) {
        readQuery(query, {}, now)
        const { to } = readFields(body, { to: required(text(pathBytesMax), 'it names the folder') }, now)
        if (!isAbsolute(to!))
          throw badParameters([
            { name: 'to', message: "to must be a whole path on the server's machine, such as /backups/1" },
          ])
        const begun = await needs.startBackup({ to: normalize(to!) })
        if (begun === null) throw pipelineAway()
        if (begun !== true) throw new Refusal('NOT_POSSIBLE', begun)
        return { status: 202, body: { state: 'copying' } }
      },
    },
  ]
}
