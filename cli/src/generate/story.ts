// What one player tells of, event after event: the fields that each kind of event has, with the time going on from one to the
// next. Whoever tells a life or a session says what happens.

import { formatDecimal, parseDecimal } from './decimal.ts'
import { makeAddress, type Player } from './player.ts'
import type { Random } from './random.ts'
import type { Sent } from './sent.ts'

export type StoryOptions = {
  random: Random
  player: Player
  /** No more events than these. */
  count: number
  atMs: number
  /** Time does not go on beyond it. */
  untilMs: number
  /** Between two events, beside a second. */
  gapMs: number
  /** Gives an id that is never repeated. */
  makeId: () => string
}

export type Story = {
  events: Sent[]
  isFull(): boolean
  now(): number
  /** Time goes on to then, if it has not. */
  goOn(ms: number): void
  register(): void
  login(): void
  deposit(): void
  bet(): void
  withdraw(): void
  bonus(): void
  levelUp(): void
}

const unit = 10n ** 18n

export function openStory({ random, player, count, atMs: startMs, untilMs, gapMs, makeId }: StoryOptions): Story {
  const events: Sent[] = []
  let atMs = startMs

  const add = (name: string, fields: [string, string | null][], where: 'address' | 'no address' = 'address'): void => {
    if (events.length >= count) return
    const stamp = player.timestampUnit === 'seconds' ? Math.floor(atMs / 1_000) : Math.floor(atMs)
    const all: [string, string | null][] = [
      ['client_user_id', JSON.stringify(player.userId)],
      ['event_name', JSON.stringify(name)],
      ['timestamp', String(stamp)],
      ['ip_address', where === 'address' ? JSON.stringify(addressNow()) : null],
      ...fields,
    ]
    const present = all.filter((field): field is [string, string] => field[1] !== null)
    events.push({ fields: new Map(present), sentMs: atMs + random.exponential(400), meant: 'event' })
    atMs = Math.min(untilMs - 1, atMs + 1_000 + random.exponential(gapMs))
  }
  const addressNow = () => (random.chance(0.05) ? makeAddress(random) : player.ipAddress)
  const click = (share: number): [string, string | null] => [
    'click_id',
    player.clickId !== null && random.chance(share) ? JSON.stringify(player.clickId) : null,
  ]
  const agent = (share: number): [string, string | null] => [
    'user_agent',
    random.chance(share) ? JSON.stringify(player.userAgent) : null,
  ]
  const message = (share: number): [string, string | null] => [
    'message_id',
    random.chance(share) ? JSON.stringify(`msg_${makeId()}`) : null,
  ]
  const money = (id: string, amount: string): [string, string | null][] => [
    ['transaction_id', JSON.stringify(id)],
    ['amount', amount],
    ['currency', JSON.stringify(random.chance(0.03) ? player.money.currency.toLowerCase() : player.money.currency)],
    ['is_crypto', player.money.isCrypto ? 'true' : null],
  ]
  const amount = (times: number): bigint => makeUnits(random, player, times)
  const write = (units: bigint): string => writeAmount(random, units, player.money.fractionDigits)
  const game: [string, string | null][] = [
    ['game_type', JSON.stringify(player.game.type)],
    ['game_provider', JSON.stringify(player.game.provider)],
  ]

  const bet = (): void => {
    const id = `bet_${makeId()}`
    const stake = amount(0.1)
    const won = random.chance(0.45)
    const net = won ? inPlaces((stake * BigInt(1 + Math.floor(random.pareto(1.3) * 10))) / 10n, player) : -stake
    const where = random.chance(0.5) ? 'address' : 'no address'
    const own: [string, string | null][] = random.chance(0.6)
      ? [
          ['bet_result', won ? '"win"' : '"loss"'],
          ['bet_result_amount', write(net)],
        ]
      : []
    add('bet', [...money(id, write(stake)), ...game, ...own], where)
    if (own.length > 0 || random.chance(0.05)) return
    const parent: [string, string] = ['parent_transaction_id', JSON.stringify(id)]
    add(won ? 'win' : 'loss', [...money(`res_${makeId()}`, write(net)), parent, ...game], where)
  }
  const withdraw = (): void => {
    const id = `wd_${makeId()}`
    add('withdraw', [...money(id, write(amount(1.5))), agent(0.5)])
    // Its name is the operator's own, and so is its amount's absence.
    for (const state of ['pending', random.chance(0.9) ? 'approved' : 'declined']) {
      if (random.chance(0.7))
        add('withdraw_status', [
          ['transaction_id', JSON.stringify(id)],
          ['state', JSON.stringify(state)],
        ])
    }
  }
  const bonus = (): void => {
    const campaign: [string, string] = [
      'campaign',
      JSON.stringify(random.pick(['spring', 'weekend', '新年', 'reload'])),
    ]
    add('bonus_claimed', [
      ...money(`bon_${makeId()}`, write(amount(0.3))),
      campaign,
      ['vip_tier', JSON.stringify(player.vipTier)],
    ])
  }

  return {
    events,
    isFull: () => events.length >= count,
    now: () => atMs,
    goOn(ms) {
      atMs = Math.max(atMs, ms)
    },
    register() {
      add('register', [click(1), agent(0.9), message(0.3), ['locale', JSON.stringify(player.locale)]])
      if (random.chance(0.5))
        add('kyc_passed', [message(1), ['level', String(1 + random.below(3))], ['documents', '["id","address"]']])
    },
    login: () => add('login', [click(0.2), agent(0.8), message(0.3)]),
    deposit: () => add('deposit', [...money(`dep_${makeId()}`, write(amount(1))), click(0.3), agent(0.6)]),
    bet,
    withdraw,
    bonus,
    levelUp: () =>
      add('level_up', [
        message(1),
        ['level', String(1 + random.below(50))],
        ['meta', '{"source":"missions","streak":3}'],
      ]),
  }
}

/** A positive amount around `times` what is typical in the currency, heavy-tailed, as units of 10^-18. */
function makeUnits(random: Random, player: Player, times: number): bigint {
  const { typical, fractionDigits } = player.money
  const size = typical * times * Math.min(200, random.pareto(1.4)) * 0.5
  // The leading digits from the double, the lowest ones drawn: a double has no 18 of them.
  let units = BigInt(Math.round(size * 1e6)) * (unit / 1_000_000n)
  if (fractionDigits > 6) units += BigInt(random.below(1_000_000)) * 1_000_000n + BigInt(random.below(1_000_000))
  return inPlaces(units, player)
}

/** Cut to the places that the currency has; at least the smallest amount. */
function inPlaces(units: bigint, { money }: Player): bigint {
  const step = 10n ** BigInt(18 - money.fractionDigits)
  const whole = (units / step) * step
  return whole > 0n ? whole : step
}

/** As operators write amounts: with all places, or without the last zeros, or as a string. */
function writeAmount(random: Random, units: bigint, fractionDigits: number): string {
  const shortest = formatDecimal(units)
  const style = random.next()
  if (style < 0.3) return shortest
  const [whole, fraction = ''] = shortest.split('.')
  const full = fractionDigits === 0 ? whole! : `${whole}.${fraction.padEnd(fractionDigits, '0')}`
  if (parseDecimal(full) !== units) throw new Error(`Cannot write ${units} with ${fractionDigits} places`)
  return style > 0.95 ? `"${full}"` : full
}
