// Decimal text and exact sums of it, by BigInt: a number is whole units of 10^-18.

const fractionDigits = 18
const one = 10n ** BigInt(fractionDigits)

/** Units of 10^-18. Takes any JSON number of at most 18 fractional digits; throws on anything else. */
export function parseDecimal(text: string): bigint {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text)
  if (!parts) throw new Error(`Cannot read a decimal: ${text}`)
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts
  const shift = fractionDigits - fraction.length + Number(exponent)
  const digits = BigInt(whole + fraction)
  if (shift < 0 && digits % 10n ** BigInt(-shift) !== 0n) throw new Error(`Cannot hold all digits of ${text}`)
  const units = shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift)
  return sign === '-' ? -units : units
}

/** Plain decimal text, no exponent, no trailing fractional zeros. */
export function formatDecimal(units: bigint): string {
  const size = units < 0n ? -units : units
  const fraction = (size % one).toString().padStart(fractionDigits, '0').replace(/0+$/, '')
  return `${units < 0n ? '-' : ''}${size / one}${fraction === '' ? '' : `.${fraction}`}`
}
