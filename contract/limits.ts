// Every limit of the wire contract, in one place. Past the body's limit the answer is 413, past any other 400.
// A character is a Unicode code point; a byte is a byte of UTF-8. Lengths are counted after trimming.

export const limits = {
  /** A body, after decompression: 413. */
  bodyBytesMax: 8 * 1024 * 1024,
  /** Events of one batch: `count`. */
  batchEventsMax: 5_000,
  /** Values of one body, at any depth: texts, numbers, objects, arrays and all else; keys are not values: `values`. */
  bodyValuesMax: 200_000,
  /** One event's text, without whitespace around it: `size`. */
  eventBytesMax: 64 * 1024,
  /** Nesting of objects and arrays, the event itself being 1: `depth`. */
  depthMax: 16,
  /** Custom properties of one event: `properties`. */
  customPropertiesMax: 255,
  /** client_user_id, click_id, transaction_id, parent_transaction_id, message_id: `length`. */
  idBytesMax: 512,
  /** event_name: `length`. */
  eventNameCharactersMax: 128,
  /** currency: `length`. */
  currencyCharactersMax: 64,
  /** user_agent: `length`. */
  userAgentBytesMax: 4 * 1024,
  /** Digits of an amount before the point: one that needs more is `range`. */
  amountIntegerDigitsMax: 20,
  /** Digits of an amount after the point: more are rounded half-even, and flagged. */
  amountFractionDigitsMax: 18,
  /** The first amount that is too large, either side of zero: `range`. */
  amountAbsoluteBelow: 1e20,
  /** Below it a timestamp is in seconds. */
  timestampSecondsBelow: 1e11,
  /** From seconds' end up to here a timestamp is in milliseconds; from here on it is `range`. */
  timestampMillisecondsBelow: 1e14,
  /** Further ahead of the server than this is flagged `future_skew`. */
  futureFlaggedMs: 5 * 60 * 1000,
  /** Further ahead than this is refused: `future`. */
  futureRefusedMs: 48 * 60 * 60 * 1000,
  /** Violations listed in one reply; the rest are counted in `violations_total`. */
  violationsListedMax: 100,
  /** The same in the reply to a partial batch: every bad event is listed, those behind so many violations without theirs. */
  violationsPartialMax: 10_000,
  /** The header Idempotency-Key, printable ASCII: a longer one is 400. */
  idempotencyKeyCharactersMax: 255,
  /** Days of one reconciliation: 400. */
  reconciliationDaysMax: 400,
  /** Events of one outcome that an answer about receipts tells, the first received. */
  receiptsOfOutcomeMax: 10_000,
  /** The longest value or name that a message repeats. */
  echoedCharactersMax: 64,
  /** Requests a minute of a key that has no limit of its own: 429. */
  requestsPerMinuteDefault: 60,
  /** The window of that limit. */
  rateWindowMs: 60_000,
} as const
