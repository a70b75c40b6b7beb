// Event names that mean something to us, and how near another name comes to one. Names are exact: only these very
// spellings are money. A name that differs from a known one in case or separators alone is a near miss.

/** The names whose events move money. */
export type MoneyEventName = 'deposit' | 'withdraw' | 'bet' | 'win' | 'loss'

export const moneyEventNames: readonly MoneyEventName[] = ['deposit', 'withdraw', 'bet', 'win', 'loss']

/** The names that the published page describes. */
export const knownEventNames: readonly string[] = ['register', 'login', ...moneyEventNames]

export function isMoneyEvent(name: string): name is MoneyEventName {
  return name === 'bet' || name === 'win' || name === 'loss' || name === 'deposit' || name === 'withdraw'
}

/** True when `name`, already trimmed, folds to a known name without being it: `Deposit`, `LOG-IN`. */
export function isNearMiss(name: string): boolean {
  // No known name is longer than 8 letters, so a fold that could match is short; the rest need no folding.
  if (name.length > 32 || known.has(name)) return false
  return known.has(fold(name))
}

/** Lower case, separators dropped: what two spellings of one name have in common. */
export function fold(name: string): string {
  return name.toLowerCase().replace(/[\s_.:/-]+/g, '')
}

const known = new Set(knownEventNames)
