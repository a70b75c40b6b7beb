// Step: the canonical game type. What partners send is free text; the words below mean one kind of game each. Any other
// word has only what was sent.

/** Canonical types with the words that mean them, besides themselves. */
export const gameTypes = {
  slot: ['pachinko'],
  live_casino: ['live', 'gameshow'],
  sportsbook: ['sport', 'cockfight'],
  fishing: ['fish', 'arcade'],
  table_games: ['baccarat', 'blackjack', 'roulette', 'dice', 'card', 'table'],
  poker: [],
  lottery: ['bingo', 'instant'],
  esports: ['esport'],
  crash: ['aviator'],
} as const satisfies Record<string, readonly string[]>

/**
 * `''` for a word that is not known. Case and separators do not count.
 * @example canonicalGameType('Live Casino') // 'live_casino'
 */
export function canonicalGameType(sent: string): string {
  return sent === '' ? '' : (byFolded.get(fold(sent)) ?? '')
}

function fold(word: string): string {
  return word.toLowerCase().replace(/[\s_.-]+/g, '')
}

const byFolded = new Map(
  Object.entries(gameTypes).flatMap(([type, words]) => [type, ...words].map(word => [fold(word), type])),
)
