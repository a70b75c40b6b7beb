// `datapulse rates import|list|show`: exchange rates by month, by which amounts are converted when they are asked for.

import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'
import { Failure } from '../failure.ts'
import type { Row } from '../pages.ts'

export function addRates(program: Command, setting: Setting): void {
  const rates = program.command('rates').description('import, list and show monthly exchange rates, to US dollars')

  withAdmin(rates.command('import'), setting)
    .description("import a month's file; it takes the place of all rates of that month")
    .argument('<file>', 'JSON: month, baseCurrency, generatedAt, rates')
    .addHelpText('after', examples('datapulse rates import rates-2026-06.json'))
    .action(async (path: string, choice: AdminChoice) => {
      const file = await readJson(path)
      const made = await adminOf(choice, setting).postText<Imported>('/api/rates', file)
      if (choice.json) setting.output.json(made)
      else setting.output.line(`The rates of ${made.month} count from now on; currencies: ${made.currencies}.`)
    })

  withAdmin(rates.command('list'), setting)
    .description('list the months that have rates')
    .addHelpText('after', examples('datapulse rates list'))
    .action(async (choice: AdminChoice) => {
      const { months } = await adminOf(choice, setting).get<{ months: Row[] }>('/api/rates')
      if (choice.json) return setting.output.json(months)
      const names = ['month', 'base_currency', 'currencies', 'generated_at', 'imported_at']
      const head = ['month', 'base', 'currencies', 'generated', 'imported']
      const rows = months.map(month => names.map(name => month[name]))
      return setting.output.table(head, rows)
    })

  withAdmin(rates.command('show'), setting)
    .description('show the rates of a month')
    .argument('<month>', 'such as 2026-06')
    .addHelpText('after', examples('datapulse rates show 2026-06'))
    .action(async (month: string, choice: AdminChoice) => {
      const path = `/api/rates/${encodeURIComponent(month)}`
      const body = await adminOf(choice, setting).get<{ rates: { currency: string; rate: string }[] }>(path)
      if (choice.json) return setting.output.json(body)
      const rows = body.rates.map(({ currency, rate }) => [currency, rate])
      return setting.output.table(['currency', 'for one USD'], rows)
    })
}

type Imported = { month: string; currencies: number }

/** The text, which is JSON. */
async function readJson(path: string): Promise<string> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new Failure('NO_FILE', `Cannot read ${path}: ${(error as Error).message}`)
  }
  try {
    JSON.parse(text)
    return text
  } catch (error) {
    throw new Failure('BAD_FILE', `Cannot import ${path} because it must be JSON: ${(error as Error).message}`)
  }
}
