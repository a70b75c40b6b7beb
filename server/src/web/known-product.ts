// Whoever names a product that nobody made has mistyped it: an empty answer would look like a product that rests.

import type { Accounts } from './needs.ts'
import { Refusal } from './problem.ts'

/** Refuses a product that is not there; null, where a question names none, is none. */
export function checkProduct(accounts: Pick<Accounts, 'listProducts'>, product: string | null): void {
  if (product === null || accounts.listProducts().some(({ id }) => id === product)) return
  throw new Refusal('NOT_FOUND', 'There is no product of this id')
}
