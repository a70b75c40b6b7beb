// The closed list of what can become of an event that was answered 200: what a receipt tells.

export const outcomes = {
  queued: 'Durable, and not processed yet: a moment later it is one of the others.',
  stored: 'It is counted.',
  duplicate: 'It was there before: `first` says in which request. It is not counted again.',
  conflict: 'The same, but `differs` says in what it is not the first one.',
  parked: 'It could not be processed; `reason` and `detail` say why.',
  erased: 'The user asked to be forgotten: it is not kept.',
} as const

export type Outcome = keyof typeof outcomes
