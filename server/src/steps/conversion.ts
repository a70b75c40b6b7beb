// An amount in US dollars, by the rate of its event's month: amount / rate, exact to 18 digits after the point (what lies
// behind them is cut off, as ClickHouse's divideDecimal does it).

const digits = 18
const scale = 10n ** BigInt(digits)

/**
 * @param amount decimal text
 * @param rate units for one US dollar, decimal text above 0
 * @example convert('46', '0.92') // '50'
 */
export function convert(amount: string, rate: string): string {
  return textOf((scaled(amount) * scale) / scaled(rate))
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
