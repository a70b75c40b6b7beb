// Amounts are decimal text, as the API tells them: added, compared and divided here without ever being a float. Up to 18 digits
// after the point, as many as the warehouse keeps.

const digits = 18
const scale = 10n ** BigInt(digits)
const shareDigits = 6

export function sumDecimals(texts: readonly string[]): string {
  return textOf(texts.reduce((sum, text) => sum + scaled(text), 0n))
}

export function subtractDecimals(text: string, less: string): string {
  return textOf(scaled(text) - scaled(less))
}

/** Less than 0, 0, or more than 0: what a sort wants. */
export function compareDecimals(a: string, b: string): number {
  const [left, right] = [scaled(a), scaled(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

/** What share `part` is of `whole`, rounded half up to 6 digits as the API does; null where there is nothing to divide by. */
export function shareOf(part: string, whole: string): string | null {
  const divisor = scaled(whole)
  if (divisor === 0n) return null
  const step = 10n ** BigInt(digits - shareDigits) * 10n
  const precise = (scaled(part) * scale * 10n) / divisor
  const half = precise < 0n ? -step / 2n : step / 2n
  return textOf((((precise + half) / step) * step) / 10n)
}

/** By what share it went up or down, against the size of what was before; null where nothing was. */
export function changeOf(now: string, before: string): string | null {
  return shareOf(subtractDecimals(now, before), before.replace(/^-/, ''))
}

function scaled(text: string): bigint {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d*)\.?(\d*)$/.exec(text) ?? []
  const value = BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'))
  return sign === '-' ? -value : value
}

function textOf(value: bigint): string {
  const size = (value < 0n ? -value : value).toString().padStart(digits + 1, '0')
  const fraction = size.slice(-digits).replace(/0+$/, '')
  return `${value < 0n ? '-' : ''}${size.slice(0, -digits)}${fraction === '' ? '' : `.${fraction}`}`
}
