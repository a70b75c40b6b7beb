// `datapulse viewers create|list|remove`: people who may look at everything in the console and change nothing. A viewer's token
// is printed once, when it is made; the server keeps its hash only.

import type { Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'
import { paint } from '../output.ts'

type Viewer = { id: string; name: string; created_at: string; removed_at: string | null }

export function addViewers(program: Command, setting: Setting): void {
  const viewers = program.command('viewers').description('make, list and remove people who may only look')

  withAdmin(viewers.command('create'), setting)
    .description('make a viewer, who may read everything and change nothing; the token is shown once')
    .argument('<name>', 'who it is, 1 to 100 characters')
    .addHelpText('after', examples('datapulse viewers create "Support desk"'))
    .action(async (name: string, choice: AdminChoice) => {
      const { output } = setting
      const made = await adminOf(choice, setting).post<Viewer & { token: string }>('/api/viewers', { name })
      if (choice.json) return output.json(made)
      output.line(paint('bold', made.token))
      output.line()
      output.line(
        'This is shown once: keep it now, it cannot be shown again. The console takes it to sign in, and so does',
      )
      output.line('the admin API as Authorization: Bearer.')
      output.line(`  id          ${made.id}`)
      output.line(`  name        ${made.name}`)
    })

  withAdmin(viewers.command('list'), setting)
    .description('list the viewers, removed ones too')
    .addHelpText('after', examples('datapulse viewers list'))
    .action(async (choice: AdminChoice) => {
      const body = await adminOf(choice, setting).get<{ viewers: Viewer[] }>('/api/viewers')
      if (choice.json) return setting.output.json(body.viewers)
      const rows = body.viewers.map(({ id, name, created_at, removed_at }) => [id, name, created_at, removed_at])
      setting.output.table(['id', 'name', 'created', 'removed'], rows)
    })

  withAdmin(viewers.command('remove'), setting)
    .description('remove a viewer for good, with all sessions of theirs')
    .argument('<id>', 'the id of the viewer, as `viewers list` shows it')
    .addHelpText('after', examples('datapulse viewers remove viewer_4f2a9c01d3b7e856'))
    .action(async (id: string, choice: AdminChoice) => {
      const viewer = await adminOf(choice, setting).remove<Viewer>(`/api/viewers/${encodeURIComponent(id)}`)
      if (choice.json) return setting.output.json(viewer)
      setting.output.line(`Viewer ${viewer.name} was removed at ${viewer.removed_at}.`)
    })
}
