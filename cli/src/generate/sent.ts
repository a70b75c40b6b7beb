// An event as it will be sent: the JSON text of each field, in order. Text and not values, because an amount has more
// digits than a double and because a mistake may be any text.

export type Sent = {
  fields: Map<string, string>
  /** When it is sent: Unix milliseconds. Orders the output. */
  sentMs: number
  /** What the generator means it to be. */
  meant: 'event' | 'duplicate' | 'conflict' | 'mistake'
}

export const moneyNames = new Set(['deposit', 'withdraw', 'bet', 'win', 'loss'])

export function writeSent(sent: Sent): string {
  const parts: string[] = []
  for (const [name, text] of sent.fields) parts.push(`${JSON.stringify(name)}:${text}`)
  return `{${parts.join(',')}}`
}

/** The event's name, as it was meant. */
export function nameOf(sent: Sent): string {
  return JSON.parse(sent.fields.get('event_name') ?? '""') as string
}
