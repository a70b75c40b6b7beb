// `datapulse doctor`: sends one test event the whole way and says how far it got. The steps are in diagnosis.ts.

import type { Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, wholeNumber, withAdmin } from '../command.ts'
import { paint } from '../output.ts'
import { diagnose, type Step } from '../diagnosis.ts'

type DoctorChoice = AdminChoice & { product: string; apiUrl?: string; timeout: number }

export function addDoctor(program: Command, setting: Setting): void {
  withAdmin(program.command('doctor'), setting)
    .description('send a test event through the whole path and say how far it got; exit code 1 if not to the end')
    .option('--product <product>', 'the product under which the event is sent, with a test key', 'datapulse-doctor')
    .option(
      '--api-url <url>',
      'public port of the server (DATAPULSE_API_URL; the admin API tells it when it is not given)',
    )
    .option('--timeout <seconds>', 'how long the event may take to be listed', wholeNumber(1, 600), 15)
    .addHelpText('after', examples('datapulse doctor', 'datapulse doctor --product demo --json'))
    .action(async (choice: DoctorChoice) => {
      const { output } = setting
      const told = (step: Step) => {
        if (choice.json) return
        const mark = step.ok ? paint('green', 'ok  ') : paint('red', 'FAIL')
        output.line(mark, ` ${step.step.padEnd(34)} ${String(step.ms).padStart(6)} ms  ${step.detail}`)
      }
      const { product, timeout, url: adminUrl } = choice
      const { publicUrl, ...given } = setting.environment
      const apiUrl = choice.apiUrl ?? given.apiUrl
      const steps = await diagnose(
        { admin: adminOf(choice, setting), adminUrl, product, apiUrl, publicUrl, timeoutMs: timeout * 1_000 },
        told,
      )
      const ok = steps.every(step => step.ok)
      if (choice.json) output.json({ ok, steps })
      else
        output.line(
          ok ? paint('green', 'The whole path works.') : paint('red', 'The path is broken at the step that failed.'),
        )
      if (!ok) process.exitCode = 1
    })
}
