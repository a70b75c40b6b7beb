// What events mean in SQL, for reports that are made from them and for the rollups that are kept ready: one text for
// both, so that they cannot come to mean something else.

/** The game type: canonical where it is known, else as sent. */
export const gameTypeSql = "if(canonical_game_type != '', canonical_game_type, game_type)"

/** Events that have money. */
export const isMoneySql = "event_name IN ('deposit', 'withdraw', 'bet', 'win', 'loss')"

/** The player's net result. A loss lowers the balance whatever its sign; any other sign stands as sent. */
export const resultSql = `multiIf(
    event_name = 'bet', if(bet_result = 'loss', -abs(toDecimal256(bet_result_amount, 18)), toDecimal256(bet_result_amount, 18)),
    event_name = 'loss', -abs(toDecimal256(events.amount, 18)),
    event_name = 'win', toDecimal256(events.amount, 18),
    NULL)`

/**
 * Which of several events is the earliest: by its time, then by its receipt, then any, but always the same. One number of
 * 128 bits, because that is compared five times as fast as a tuple.
 */
export const orderSql = `bitOr(
    bitShiftLeft(toUInt128(toUnixTimestamp64Milli(timestamp)), 80),
    bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(received_at)), 32), toUInt128(toUInt32(cityHash64(request_id, position) % 4294967296))))`

/** When an event happened, of its order. */
export function timeOfPlaceSql(place: string): string {
  return `fromUnixTimestamp64Milli(toInt64(bitShiftRight(${place}, 80)), 'UTC')`
}

/** The order behind that of every event. */
export const noPlaceSql = `toUInt128('${(2n ** 128n - 1n).toString()}')`

/** What a click is known by in the rollups: a UInt128. */
export function clickNumberSql(text: string): string {
  return `reinterpretAsUInt128(sipHash128(toString(${text})))`
}
