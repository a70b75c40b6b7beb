// Decimal text, as amounts are told: added, subtracted and divided without ever being a float, exact to 18 digits after the
// point (what lies behind them is cut off, as ClickHouse's divideDecimal does it).

const digits = 18
const scale = 10n ** BigInt(digits)

/**
 * An amount in US dollars, by the rate of its event's month: amount / rate.
 * @param amount decimal text
 * @param rate units for one US dollar, decimal text above 0
 * @example convert('46', '0.92') // '50'
 */
export function convert(amount: string, rate: string): string {
  return textOf((scaled(amount) * scale) / scaled(rate))
}

/** The sum of two decimal texts, exact to 18 digits. */
export function add(a: string, b: string): string {
  return textOf(scaled(a) + scaled(b))
}

/** The difference of two decimal texts, exact to 18 digits. */
export function subtract(a: string, b: string): string {
  return textOf(scaled(a) - scaled(b))
}

/**
 * What share `part` is of `whole`, rounded half up to 6 digits; null where there is nothing to divide by.
 * @example shareOf('1', '3') // '0.333333'
 */
export function shareOf(part: string, whole: string): string | null {
  if (scaled(whole) === 0n) return null
  const precise = (scaled(part) * scale * 10n) / scaled(whole)
  const step = 10n ** BigInt(digits - 6) * 10n
  const half = precise < 0n ? -step / 2n : step / 2n
  return textOf((((precise + half) / step) * step) / 10n)
}

function scaled(text: string): bigint {
  const isNegative = text.startsWith('-')
  const [whole = '0', fraction = ''] = (isNegative ? text.slice(1) : text).split('.')
  const value = BigInt(whole) * scale + BigInt(fraction.padEnd(digits, '0'))
  return isNegative ? -value : value
}

function textOf(value: bigint): string {
  const size = value < 0n ? -value : value
  const fraction = String(size % scale)
    .padStart(digits, '0')
    .replace(/0+$/, '')
  const text = `${size / scale}${fraction === '' ? '' : `.${fraction}`}`
  return value < 0n ? `-${text}` : text
}
