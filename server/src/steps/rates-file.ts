// A month's exchange rates, as they come in a file. Read strictly: a file that is not wholly right is refused with all
// that is wrong, because a wrong rate makes every figure of a month wrong.
//
//   {"month":"2026-06","baseCurrency":"USD","generatedAt":"2026-07-01T00:00:00Z","rates":[{"currency":"EUR","rate":0.92}]}
//
// A rate is units of the currency for one US dollar: a number (of which 15 digits count) or a decimal text.

import { decimalOf } from '@datapulse/contract'

/** `rate`: decimal text, above 0. Currencies are upper case, each once. */
export type MonthRates = {
  /** `2026-06`, of the time of the event, UTC. */
  month: string
  generatedMs: number
  rates: { currency: string; rate: string }[]
}

export type RatesProblem = { name: string; message: string }

/** The base of every file, and what amounts are converted to. */
export const baseCurrency = 'USD'
const ratesMax = 5_000
const currencyCharactersMax = 64
/** As many problems are listed. */
const problemsMax = 100

/** @param file what JSON.parse gave for the file */
export function readRatesFile(
  file: unknown,
): { ok: true; rates: MonthRates } | { ok: false; problems: RatesProblem[] } {
  const problems: RatesProblem[] = []
  const wrong = (name: string, wanted: string, got: unknown) =>
    void problems.push({ name, message: `${name} must be ${wanted}: got ${shown(got)}` })
  const { month, baseCurrency: base, generatedAt, rates, ...rest } = (file ?? {}) as Record<string, unknown>
  for (const name of Object.keys(rest)) wrong(name, 'absent, as a rates file has no such field', rest[name])
  if (typeof month !== 'string' || !monthPattern.test(month)) wrong('month', 'a month such as "2026-06"', month)
  if (base !== baseCurrency) wrong('baseCurrency', `"${baseCurrency}"`, base)
  const generatedMs = timeOf(generatedAt)
  if (generatedMs === null) wrong('generatedAt', 'a time such as "2026-07-01T00:00:00Z"', generatedAt)
  const read: MonthRates['rates'] = []
  if (!Array.isArray(rates) || rates.length === 0 || rates.length > ratesMax) {
    wrong('rates', `a list of 1 to ${ratesMax} rates`, Array.isArray(rates) ? `${rates.length} of them` : rates)
  } else {
    for (const [i, one] of rates.entries()) readRate(`rates[${i}]`, one, read, wrong)
  }
  if (problems.length > 0) return { ok: false, problems: problems.slice(0, problemsMax) }
  return { ok: true, rates: { month: month as string, generatedMs: generatedMs as number, rates: read } }
}

function readRate(
  name: string,
  sent: unknown,
  into: MonthRates['rates'],
  wrong: (name: string, wanted: string, got: unknown) => void,
): void {
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) return wrong(name, 'an object', sent)
  const { currency: code, rate, ...rest } = sent as Record<string, unknown>
  for (const other of Object.keys(rest)) wrong(`${name}.${other}`, 'absent', rest[other])
  const currency = typeof code === 'string' ? code.trim().toUpperCase() : ''
  if (currency === '' || currency.length > currencyCharactersMax || /\p{C}/u.test(currency))
    return wrong(`${name}.currency`, 'the code of a currency, such as "EUR"', code)
  if (into.some(known => known.currency === currency)) return wrong(`${name}.currency`, 'there once', currency)
  const text = rateOf(rate)
  if (text === null)
    return wrong(`${name}.rate`, 'a number above 0 with at most 20 digits before the point and 18 after', rate)
  if (currency === baseCurrency && text !== '1') return wrong(`${name}.rate`, `1 for ${baseCurrency}`, rate)
  into.push({ currency, rate: text })
}

function rateOf(sent: unknown): string | null {
  if (typeof sent !== 'number' && typeof sent !== 'string') return null
  try {
    const { text, rounded } = decimalOf(String(sent).trim())
    return rounded || text === '0' || text.startsWith('-') ? null : text
  } catch {
    return null
  }
}

function timeOf(sent: unknown): number | null {
  const ms = typeof sent === 'string' && timePattern.test(sent) ? Date.parse(sent) : Number.NaN
  return Number.isNaN(ms) || ms <= 0 ? null : ms
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value)
  return text.length > 64 ? `${text.slice(0, 63)}…` : text
}

const monthPattern = /^(19[7-9]\d|20\d\d|21\d\d)-(0[1-9]|1[0-2])$/
const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/
