// `datapulse status`: whether every part is well, how far processing is behind, and whether every event is accounted for.

import type { Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'
import { type Output, paint } from '../output.ts'

export type Status = {
  status: 'ok' | 'degraded'
  time: string
  stages: Record<string, { ready: boolean; why: string | null; [figure: string]: unknown }>
  log: { offset: number; events: number; bytes: number; segments: number } | null
  checkpoint: { offset: number; events: number } | null
  lag: { events: number; seconds: number } | null
  disk: { free_bytes: number; used_bytes: number } | null
  accounting: {
    holds: boolean | null
    problem: string | null
    received?: number
    accepted: number | null
    rejected?: number
    stored?: number
    duplicate?: number
    conflict?: number
    parked?: number
    erased?: number
    in_flight?: number
  }
}

export function addStatus(program: Command, setting: Setting): void {
  withAdmin(program.command('status'), setting)
    .description('say how every part of the server is; exit code 1 unless all is well')
    .addHelpText('after', examples('datapulse status', 'datapulse status --json'))
    .action(async (choice: AdminChoice) => {
      const status = await adminOf(choice, setting).get<Status>('/api/status')
      if (choice.json) setting.output.json(status)
      else printStatus(setting.output, status)
      if (status.status !== 'ok') process.exitCode = 1
    })
}

function printStatus(output: Output, status: Status): void {
  const well = status.status === 'ok'
  output.line(paint(well ? 'green' : 'red', well ? 'All is well.' : 'Not all is well.'))
  for (const [name, stage] of Object.entries(status.stages)) {
    const state = stage.ready ? paint('green', 'ready') : paint('red', 'not ready')
    output.line(`  ${name.padEnd(10)} `, state, stage.why === null ? '' : `: ${stage.why}`)
  }
  if (status.lag) output.line(`  ${'lag'.padEnd(10)} ${status.lag.events} events, ${status.lag.seconds.toFixed(1)} s`)
  if (status.log) {
    const { events, bytes, segments, offset } = status.log
    output.line(`  ${'log'.padEnd(10)} ${events} events in ${offset} records; ${megabytes(bytes)} in ${segments} files`)
  }
  if (status.disk) output.line(`  ${'disk'.padEnd(10)} ${megabytes(status.disk.free_bytes)} free`)
  printAccounting(output, status.accounting)
}

function printAccounting(output: Output, accounting: Status['accounting']): void {
  if (accounting.holds === null) {
    output.line(`Accounting: ${accounting.problem ?? 'unknown'}.`)
    return
  }
  const { received, accepted, rejected, stored, duplicate, conflict, parked, erased, in_flight: inFlight } = accounting
  output.line(accounting.holds ? 'Every event is accounted for:' : paint('red', 'EVENTS ARE NOT ACCOUNTED FOR:'))
  if (accounting.problem) output.line(`  ${accounting.problem}`)
  output.line(`  received ${received} = accepted ${accepted} + rejected ${rejected}`)
  output.line(
    `  accepted ${accepted} = stored ${stored} + duplicate ${duplicate} (conflicts ${conflict}) + parked ${parked} + erased ${erased} + in flight ${inFlight}`,
  )
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}
