// Shares of the log: what it takes to let several pipelines work at once. A product belongs to one of them, by a hash of its id,
// so that its order, its identities and its reports are one pipeline's and one database's. How many there are is fixed when
// an installation is made.

import { hash } from 'node:crypto'

/** The share of a product, of so many, from 0. What belongs to no product is in the first. */
export function shareOfProduct(product: string, shares: number): number {
  if (shares === 1 || product === '') return 0
  return Number.parseInt(hash('sha256', product, 'hex').slice(0, 8), 16) % shares
}

/** The database of a share. */
export function databaseOf(database: string, share: number, shares: number): string {
  return shares === 1 ? database : `${database}_${share}`
}
