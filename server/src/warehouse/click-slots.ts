// Of each click the rollups keep one value in a row, and in one number what it is, of which time and of whom: of the
// clicks that a report tells of few columns are read, which is what their looking up costs.
//
//   grain, 2 bits | day, 22 bits | what, 8 bits | person, 32 bits
//
// The grain is 1 for thirds of months, which begin on the 1st, 11th and 21st, and 2 for days of UTC; the day is when that time
// begins, since 1970; the person (see people) is 0 where a value is not of one. So of a click one grain's values come together,
// in the order of their days.

/** By users: who was there, of whatever currency, and who made deposits. The rest by click alone. */
export const userValues = ['events', 'deposits'] as const
/** What each is called in a slot is its place in this list, from 1. One is added at the end. */
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

const [grainShift, dayShift, whatShift] = [62, 40, 32]
const grains = { dekad: 1, day: 2 }
const daySeconds = 86_400

/** A slot of these expressions: `grain` is text, `at` a DateTime, `what` and `person` whole numbers. */
export function slotSql(grain: string, at: string, what: string, person: string): string {
  const days = `intDiv(toUInt32(${at}), ${daySeconds})`
  const parts = [
    [`if(${grain} = 'dekad', ${grains.dekad}, ${grains.day})`, grainShift],
    [days, dayShift],
    [what, whatShift],
  ] as const
  return parts.reduce(
    (sum, [sql, shift]) => `bitOr(${sum}, bitShiftLeft(toUInt64(${sql}), ${shift}))`,
    `toUInt64(${person})`,
  )
}

/** Slots of a grain whose time begins on the day `from` or later, and before the day `to`. */
export function slotsSql(grain: keyof typeof grains, from: string, to: string): string {
  const first = (day: string) => (BigInt(grains[grain]) << 62n) | (BigInt(Date.parse(day) / 1000 / daySeconds) << 40n)
  return `(slot >= ${first(from)} AND slot < ${first(to)})`
}

/** When the time of a slot begins. */
export const atOfSlotSql = `toDateTime(bitAnd(bitShiftRight(slot, ${dayShift}), 4194303) * ${daySeconds}, 'UTC')`
export const personOfSlotSql = 'toUInt32(bitAnd(slot, 4294967295))'
export const whatOfSlotSql = `bitAnd(bitShiftRight(slot, ${whatShift}), 255)`

export function whatOf(name: ClickValue): number {
  return clickValues.indexOf(name) + 1
}
