// The events that the bench sends: one deposit to three bets, each exactly 366 bytes, as one partner's server would
// write them. Every event of a run gets its own transaction_id and one of 100,000 users by overwriting digits in place,
// so that nothing is a duplicate and nothing is built while the clock runs.

/** Bytes of one event. */
export const eventBytes = 366

/** Digits of the counter in a transaction_id, and of the user's number. */
const transactionDigits = 12
const userDigits = 6

/** A text of one event, or of many in an array, with the places where digits are overwritten. */
export type EventsText = { bytes: Buffer; transactionAt: Int32Array; userAt: Int32Array }

/** `events` events; a bare object when `asArray` is false (then `events` is 1). `tag` (6 characters) names the run. */
export function buildEvents(options: { events: number; asArray: boolean; tag: string; variant: number }): EventsText {
  const parts: string[] = []
  for (let i = 0; i < options.events; i++) parts.push(eventText(options.variant + i, options.tag))
  const text = options.asArray ? `[${parts.join(',')}]` : (parts[0] ?? '')
  const bytes = Buffer.from(text, 'latin1')
  return {
    bytes,
    transactionAt: placesAfter(bytes, '"transaction_id":"tx-', options.tag.length + 1),
    userAt: placesAfter(bytes, '"client_user_id":"user-', 0),
  }
}

/** Gives the text's events the transaction numbers `first`, `first + 1`, …; returns the next free number. */
export function stampEvents(bytes: Buffer, shift: number, text: EventsText, first: number): number {
  const { transactionAt, userAt } = text
  for (let i = 0; i < transactionAt.length; i++) {
    writeDigits(bytes, shift + (transactionAt[i] as number), transactionDigits, first + i)
    writeDigits(bytes, shift + (userAt[i] as number), userDigits, ((first + i) * 7919) % 100_000)
  }
  return first + transactionAt.length
}

/** The transaction_id that `stampEvents` gives number `n` of the run `tag`. */
export function transactionId(tag: string, n: number): string {
  return `tx-${tag}-${String(n).padStart(transactionDigits, '0')}`
}

/** A tag for one run: 6 characters, different at each call with all likelihood. */
export function runTag(): string {
  return Math.floor(Math.random() * 36 ** 6)
    .toString(36)
    .padStart(6, '0')
}

function eventText(variant: number, tag: string): string {
  const event = variant % 4 === 0 ? deposit(variant, tag) : bet(variant, tag)
  const missing = eventBytes - Buffer.byteLength(JSON.stringify(event))
  if (missing < 0)
    throw new Error(`Cannot build an event because it must fit ${eventBytes} bytes: got ${-missing} more`)
  return JSON.stringify({ ...event, session_id: event.session_id + 'c4e81f0a97d35b62'.repeat(12).slice(0, missing) })
}

function deposit(variant: number, tag: string) {
  return {
    client_user_id: `user-${'0'.repeat(userDigits)}`,
    click_id: `clk_${(998_877 + variant * 131) % 1_000_000}`.padEnd(10, '7'),
    event_name: 'deposit',
    timestamp: Math.floor(Date.now() / 1000),
    ip_address: `203.0.113.${1 + (variant % 250)}`,
    user_agent: 'Mozilla/5.0 (Linux; Android 13; SM-G991B) AppleWebKit/537.36',
    transaction_id: transactionId(tag, 0),
    amount: 20 + ((variant * 37) % 480) + 0.5,
    currency: ['USD', 'EUR', 'BRL', 'JPY'][variant % 4],
    is_crypto: false,
    session_id: '',
  }
}

function bet(variant: number, tag: string) {
  return {
    client_user_id: `user-${'0'.repeat(userDigits)}`,
    event_name: 'bet',
    timestamp: Math.floor(Date.now() / 1000),
    game_type: ['slot', 'live_casino', 'crash', 'sport'][variant % 4],
    game_provider: ['EA', 'GGP', 'Evolution', 'Pragmatic'][(variant >> 1) % 4],
    transaction_id: transactionId(tag, 0),
    amount: 1 + ((variant * 17) % 49) + 0.25,
    currency: ['USD', 'EUR', 'BRL', 'JPY'][(variant >> 2) % 4],
    is_crypto: false,
    bet_result: variant % 3 === 0 ? 'win' : 'loss',
    bet_result_amount: variant % 3 === 0 ? 2.5 : -1.25,
    session_id: '',
  }
}

function placesAfter(bytes: Buffer, mark: string, skip: number): Int32Array {
  const places: number[] = []
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) places.push(at + mark.length + skip)
  return Int32Array.from(places)
}

function writeDigits(bytes: Buffer, at: number, digits: number, value: number): void {
  let rest = value
  for (let i = at + digits - 1; i >= at; i--) {
    const tens = Math.floor(rest / 10)
    bytes[i] = 48 + rest - tens * 10
    rest = tens
  }
}
