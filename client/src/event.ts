// The events as the compiler sees them. A name that moves money asks for its money fields, every name but bet, win and
// loss for the user's address; any other name, and any other property, is free. What the types let through is checked again
// by the contract when it is handed over: they are a help, not the law.

/** An id is text; a safe integer is the same id as its text. */
export type Id = string | number

/** A number, or a text that is one, which keeps every digit: `'0.123456789012345678'`. */
export type Amount = number | string

/** What every event may hold beside its name. */
export type EventFields = {
  /** The user, as your system names them. */
  client_user_id: Id
  /** When it happened: Unix time in seconds or milliseconds. */
  timestamp: number | `${number}`
  /** The ad click that brought the user. Recommended. */
  click_id?: Id | null | undefined
  /** The user's browser or device. */
  user_agent?: string | null | undefined
  /** Such as `slot`. */
  game_type?: string | null | undefined
  /** Who made the game. */
  game_provider?: string | null | undefined
  /** On a win or a loss: the bet's transaction_id. */
  parent_transaction_id?: Id | null | undefined
  /** Absent is false. */
  is_crypto?: boolean | null | undefined
  /** Your own id of this one message. Without it the client makes one where the event needs it. */
  message_id?: Id | null | undefined
}

type MoneyFields = {
  /** The transaction: the same id is the same transaction, sent again. */
  transaction_id: Id
  /** How much. A bet's stake; the player's net result on a win or a loss. */
  amount: Amount
  /** Three letters (ISO 4217), or any code of a crypto currency. */
  currency: string
}

type Optional<Fields> = { [Name in keyof Fields]?: Fields[Name] | null | undefined }

/** The user's IPv4 or IPv6 address. */
type AddressField = { ip_address: string }

type BetFields = {
  bet_result?: 'win' | 'loss' | (string & {}) | null | undefined
  /** The player's net result of the bet: negative for a loss. */
  bet_result_amount?: Amount | null | undefined
}

type MoneyName = 'deposit' | 'withdraw' | 'bet' | 'win' | 'loss'
type NameWithoutAddress = 'bet' | 'win' | 'loss'

/**
 * The event of a name. Where several names are possible, what one of them asks for is asked for.
 * @example const deposits: EventOf<'deposit'>[] = []
 */
export type EventOf<Name extends string> = { event_name: Name } & EventFields &
  ([Extract<Name, MoneyName>] extends [never] ? Optional<MoneyFields> : MoneyFields) &
  ([Name] extends [NameWithoutAddress] ? Optional<AddressField> : AddressField) &
  ([Extract<Name, 'bet'>] extends [never] ? unknown : BetFields)

/** An event of any name, with properties of your own. */
export type AnyEvent = (
  | EventOf<'deposit' | 'withdraw'>
  | EventOf<'bet'>
  | EventOf<'win' | 'loss'>
  | EventOf<string>
) & {
  [property: string]: unknown
}

/** What `Given` must have, by its name. */
export type Asked<Given> = Given extends { event_name: infer Name extends string } ? EventOf<Name> : EventOf<string>
