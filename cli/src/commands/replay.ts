// `datapulse replay`: sends a rejected request, or what is parked, again after a fix.

import { type Command, InvalidArgumentError } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, wholeNumber, withAdmin } from '../command.ts'
import { Failure } from '../failure.ts'

type ReplayChoice = AdminChoice & {
  position?: number
  map?: Record<string, string>
  partial?: true
  dryRun?: true
}

type Report = {
  events: number
  accepted: number
  rejected: number
  errors: { index: number; violations: { field: string; rule: string; message: string }[] }[]
  erased: number
  without_id: number
  request_ids: string[]
}

export function addReplay(program: Command, setting: Setting): void {
  withAdmin(program.command('replay'), setting)
    .description('send a rejected request, or what is parked, again; sending it twice counts once')
    .argument('<request>', 'the request id')
    .option('--dry-run', 'only say what would become of it: do this first')
    .option('--map <sent=name>', 'give a key another name; may be given several times', addMapping)
    .option('--partial', 'send the good events even where others are bad')
    .option('--position <index>', 'of several parked events of the request, this one', wholeNumber(-2, 4_999))
    .addHelpText(
      'after',
      examples(
        'datapulse replay 0199f2d4-5a31-7c7e-9d3e-3c1f6f0b8a55 --map userAgent=user_agent --dry-run',
        'datapulse replay 0199f2d4-5a31-7c7e-9d3e-3c1f6f0b8a55 --map userAgent=user_agent',
      ),
    )
    .action((request: string, choice: ReplayChoice) => replay(request, choice, setting))
}

async function replay(request: string, choice: ReplayChoice, setting: Setting): Promise<void> {
  const { output } = setting
  const { position, map: mapping, partial, dryRun: dry_run } = choice
  const report = await adminOf(choice, setting).post<Report>('/api/replay', {
    request,
    position,
    mapping,
    partial,
    dry_run,
  })
  if (choice.json) output.json(report)
  else tell(report, dry_run === true, setting)
  if (report.request_ids.length === 0 && dry_run !== true)
    throw new Failure(
      'NOTHING_SENT',
      'Nothing was sent, because events are bad: map their keys, or send the good ones with --partial',
    )
}

function tell(report: Report, isDry: boolean, { output }: Setting): void {
  const { events, accepted, errors, erased, without_id, request_ids } = report
  for (const { index, violations } of errors)
    output.table(
      ['#', 'field', 'rule', 'message'],
      violations.map(({ field, rule, message }) => [index, field, rule, message]),
    )
  const good = `${accepted} of ${events} events are good`
  const requests = request_ids.length === 1 ? 'request' : 'requests'
  if (request_ids.length > 0)
    output.line(`${accepted} of ${events} events were sent, in ${requests} ${request_ids.join(', ')}.`)
  else output.line(isDry ? `${good}; nothing was sent.` : `${good}.`)
  if (erased > 0) output.line(erased === 1 ? '1 was erased with its user.' : `${erased} were erased with their users.`)
  if (without_id > 0)
    output.line(`${without_id} have no id of their own: if they were sent again by their sender, they are there twice.`)
}

function addMapping(text: string, before: Record<string, string> | undefined): Record<string, string> {
  const [, sent, name] = /^([^=]+)=([^=]+)$/.exec(text) ?? []
  if (sent === undefined || name === undefined) throw new InvalidArgumentError('It must be SENT=NAME.')
  return { ...before, [sent]: name }
}
