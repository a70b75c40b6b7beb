// Amounts are decimal text, as the API tells them: added, compared and divided by the server's own arithmetic, without ever being
// a float. Up to 18 digits after the point, as many as the warehouse keeps. What is no number, as null is in a report, counts
// as 0.

import { add, shareOf as share, subtract } from '@datapulse/contract/decimals'

export function sumDecimals(texts: readonly string[]): string {
  return texts.map(orZero).reduce(add, '0')
}

export function subtractDecimals(text: string, less: string): string {
  return subtract(orZero(text), orZero(less))
}

/** Less than 0, 0, or more than 0: what a sort wants. */
export function compareDecimals(a: string, b: string): number {
  const difference = subtractDecimals(a, b)
  return difference === '0' ? 0 : difference.startsWith('-') ? -1 : 1
}

/** What share `part` is of `whole`, rounded half up to 6 digits as the API does; null where there is nothing to divide by. */
export function shareOf(part: string, whole: string): string | null {
  return share(orZero(part), orZero(whole))
}

/** By what share it went up or down, against the size of what was before; null where nothing was. */
export function changeOf(now: string, before: string): string | null {
  return shareOf(subtractDecimals(now, before), before.replace(/^-/, ''))
}

function orZero(text: string): string {
  return /^-?\d*\.?\d*$/.test(text) ? text : '0'
}
