// Of each click the rollups keep one row for a time and a currency: in it a map of what was counted and added up. A report
// looks up a thousand clicks among many, and what that costs is rows: a map is one, however many users it is of.
//
//   period   grain, 2 bits | day, 22 bits      sums   what, 8 bits | person, 32 bits → how many, or the sum
//
// The grain is 1 for thirds of months, which begin on the 1st, 11th and 21st, and 2 for days of UTC; the day is when that time
// begins, since 1970; the person (see people) is 0 where a value is not of one. So of a click one grain's rows come together,
// in the order of their days.

/** By users: who was there, of whatever currency, and who made deposits. The rest by click alone. */
export const userValues = ['events', 'deposits'] as const
/** What each is called in a key is its place in this list, from 1. One is added at the end. */
export const clickValues = [
  ...userValues,
  'registrations',
  'logins',
  'withdraws',
  'bets',
  'settlements',
  'deposit_amount',
  'withdraw_amount',
  'stake',
  'player_result',
  'firsts',
  'first_amount',
] as const
export type ClickValue = (typeof clickValues)[number]

/** The map: its keys, and a number for each. */
export const sumsType = 'Tuple(Array(UInt64), Array(Decimal(76, 18)))'

const [grainShift, whatShift] = [22, 32]
const grains = { dekad: 1, day: 2 }
const daySeconds = 86_400

/** The period of these expressions: `grain` is text, `at` a DateTime. */
export function periodSql(grain: string, at: string): string {
  const number = `if(${grain} = 'dekad', ${grains.dekad}, ${grains.day})`
  return `toUInt32(bitOr(bitShiftLeft(toUInt32(${number}), ${grainShift}), intDiv(toUInt32(${at}), ${daySeconds})))`
}

/** Periods of a grain that begin on the day `from` or later, and before the day `to`. */
export function periodsSql(grain: keyof typeof grains, from: string, to: string): string {
  const first = (day: string) => grains[grain] * 2 ** grainShift + Date.parse(day) / 1000 / daySeconds
  return `(period >= ${first(from)} AND period < ${first(to)})`
}

/** When a period begins. */
export const atOfPeriodSql = `toDateTime(bitAnd(period, ${2 ** grainShift - 1}) * ${daySeconds}, 'UTC')`

/** The key of a value, of all or of a person; that one is an expression. */
export function keySql(name: ClickValue, person = '0'): string {
  return `bitOr(toUInt64(${keyOf(name)}), toUInt64(${person}))`
}

/** The key of a value that is of nobody in particular. */
export function keyOf(name: ClickValue): number {
  return whatOf(name) * 2 ** whatShift
}

/** What a key is of, as whatOf tells it. */
export function whatOfKeySql(key: string): string {
  return `bitShiftRight(${key}, ${whatShift})`
}

export function whatOf(name: ClickValue): number {
  return clickValues.indexOf(name) + 1
}
