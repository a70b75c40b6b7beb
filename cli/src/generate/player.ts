// A player: what stays the same from event to event. All names are made up; addresses are those set aside for
// documentation (RFC 5737, RFC 3849).

import type { Random } from './random.ts'

export type Player = {
  userId: string
  clickId: string | null
  ipAddress: string
  userAgent: string
  money: Money
  /** Hours that the player's clock is ahead of UTC. */
  zoneHours: number
  game: { type: string; provider: string }
  vipTier: string
  locale: string
  /** Sends timestamps in seconds, as the published page has it in one place, or in milliseconds, as in another. */
  timestampUnit: 'seconds' | 'milliseconds'
}

export type Money = { currency: string; isCrypto: boolean; fractionDigits: number; typical: number }

const moneys: Money[] = [
  { currency: 'USD', isCrypto: false, fractionDigits: 2, typical: 50 },
  { currency: 'EUR', isCrypto: false, fractionDigits: 2, typical: 45 },
  { currency: 'BRL', isCrypto: false, fractionDigits: 2, typical: 200 },
  { currency: 'JPY', isCrypto: false, fractionDigits: 0, typical: 6_000 },
  { currency: 'TWD', isCrypto: false, fractionDigits: 0, typical: 1_500 },
  { currency: 'KWD', isCrypto: false, fractionDigits: 3, typical: 15 },
  { currency: 'USDT', isCrypto: true, fractionDigits: 6, typical: 60 },
  { currency: 'BTC', isCrypto: true, fractionDigits: 8, typical: 0.001 },
  { currency: 'ETH', isCrypto: true, fractionDigits: 18, typical: 0.02 },
]
const moneyWeights = [28, 20, 14, 8, 9, 2, 11, 4, 4]

const games = [
  ['slot', 'Studio Alder'],
  ['slot', 'Studio Birch'],
  ['pachinko', 'Studio Birch'],
  ['live_casino', 'Studio Cedar'],
  ['sportsbook', 'Line Dogwood'],
  ['fishing', 'Studio Elm'],
  ['baccarat', 'Studio Cedar'],
  ['poker', 'Room Fir'],
  ['lottery', 'Draw Gorse'],
  ['esport', 'Line Dogwood'],
  ['aviator', 'Studio Hazel'],
  ['casino', 'Studio Ivy'],
] as const
const gameWeights = [30, 18, 3, 14, 12, 4, 6, 3, 3, 3, 3, 1]

const userAgents = [
  'Mozilla/5.0 (Linux; Android 13; SM-G991B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0',
]

/** `clicks`: how many clicks there were; few of them bring many players. */
export function makePlayer(random: Random, number: number, clicks: number): Player {
  const [type, provider] = games[random.weighted(gameWeights)]!
  return {
    userId: makeUserId(random, number),
    clickId: random.chance(0.6) ? makeClickId(random, clicks) : null,
    ipAddress: makeAddress(random),
    userAgent: random.pick(userAgents),
    money: moneys[random.weighted(moneyWeights)]!,
    zoneHours: random.pick([-5, -3, 0, 1, 8, 9]),
    game: { type, provider },
    vipTier: random.pick(['none', 'none', 'none', 'bronze', 'silver', 'gold']),
    locale: random.pick(['en', 'pt-BR', 'ja', 'zh-Hant', 'es', 'de']),
    timestampUnit: random.chance(0.7) ? 'seconds' : 'milliseconds',
  }
}

function makeUserId(random: Random, number: number): string {
  // Operators name their users in many ways.
  if (random.chance(0.05)) return `玩家-${number}`
  if (random.chance(0.1)) return `u:${random.hex(8)}-${number}`
  return `user_${String(number).padStart(6, '0')}`
}

function makeClickId(random: Random, clicks: number): string {
  const rank = Math.min(clicks, Math.floor(random.pareto(0.9)))
  return `clk_${((rank * 2_654_435_761) % 4_294_967_296).toString(16).padStart(8, '0')}_${rank}`
}

export function makeAddress(random: Random): string {
  if (random.chance(0.25)) {
    return `2001:db8:${random.below(65_536).toString(16)}:${random.below(65_536).toString(16)}::${(1 + random.below(65_534)).toString(16)}`
  }
  return `${random.pick(['192.0.2', '198.51.100', '203.0.113'])}.${1 + random.below(254)}`
}
