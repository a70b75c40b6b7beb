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
  const first = (day: string) =>
    (BigInt(grains[grain]) << BigInt(grainShift)) | (BigInt(Date.parse(day) / 1000 / daySeconds) << BigInt(dayShift))
  return `(slot >= ${first(from)} AND slot < ${first(to)})`
}

/** Of a slot, from one shift to below the next. */
function bitsSql(from: number, to: number): string {
  return `bitAnd(bitShiftRight(slot, ${from}), ${2 ** (to - from) - 1})`
}

/** When the time of a slot begins. */
export const atOfSlotSql = `toDateTime(${bitsSql(dayShift, grainShift)} * ${daySeconds}, 'UTC')`
export const personOfSlotSql = `toUInt32(${bitsSql(0, whatShift)})`
export const whatOfSlotSql = bitsSql(whatShift, dayShift)

export function whatOf(name: ClickValue): number {
  return clickValues.indexOf(name) + 1
}
