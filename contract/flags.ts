// The closed list of flags: notes on data quality that never refuse an event. They are stored with it, and all but
// idempotency_reused, which the pipeline finds, are decided from the event and its time of receipt alone. Only
// settled_twice is not stored: it takes another event, which may come later or go, and is found when events are asked for.
// `docs/reference/flags.md` lists the same, and a test says so.

export const flags = {
  future_skew: 'The timestamp is more than 5 minutes ahead of the server.',
  near_miss_name: 'The event name is a known one but for case or separators, so the event is a custom one.',
  negative_amount: 'A deposit, a withdraw or the stake of a bet is negative.',
  sign_mismatch: "The sign of the result is not the result's: a positive loss or a negative win.",
  rounded_amount: 'An amount has more than 18 digits after the point and was rounded half-even.',
  unknown_currency: 'The currency is not three letters, and is_crypto is not true.',
  idempotency_reused: 'The Idempotency-Key came before with another event at this position.',
  bet_result_unknown: 'bet_result is neither win nor loss.',
  settled_twice: 'A bet brought its result itself, and a win or a loss names it: only the bet counts.',
} as const

export type Flag = keyof typeof flags
