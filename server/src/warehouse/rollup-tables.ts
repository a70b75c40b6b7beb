// The tables of the rollups, which rollups.ts keeps: what reports add up (rollup_*), what is needed to make it (people,
// bet_results, settlements), and where a step is laid out while it is made (step_*). Everything here can be made anew from
// the events.

import { sumsType } from './click-sums.ts'
import { type Column, type Table, text, time } from './schema.ts'

const count = 'SimpleAggregateFunction(sum, UInt64)'
/** Of what is taken off again, too. */
const balance = 'SimpleAggregateFunction(sum, Int64)'
/** Of decimals beyond 128 bits: see reports. */
const sum = 'SimpleAggregateFunction(sum, Decimal(76, 18))'
const bitmap = 'AggregateFunction(groupBitmap, UInt32)'

const product: Column = { name: 'product', type: 'LowCardinality(String)', about: 'id of the product' }
/** What all rollups have. A row without a product and with a `step` says that the loads up to that one are in it. */
const rollupColumns: Column[] = [
  product,
  {
    name: 'build',
    type: 'String',
    about: 'which build of the rollups a step belongs to; empty on other rows',
    codec: text,
  },
  { name: 'step', type: 'UInt64', about: 'the last load of a step; 0 on other rows', codec: text },
]
const at = (about: string): Column => ({ name: 'at', type: "DateTime('UTC')", about, codec: 'Delta(4), ZSTD(1)' })
const day = at('the day (UTC) on which it happened')
const person: Column = { name: 'person', type: 'UInt32', about: 'number of the user, see people', codec: text }
const clickId: Column = { name: 'click_id', type: 'String', about: 'as sent', codec: text }
/** Sixteen bytes instead of a text, so that clicks are compared and put in order as numbers: no two texts are known to share one. */
const click: Column = { name: 'click', type: 'UInt128', about: 'sipHash128 of the click', codec: text }
const clickGrain: Column = {
  name: 'grain',
  type: "Enum8('dekad' = 1, 'day' = 2)",
  about: 'how long the time is: days of UTC, or thirds of months, which begin on the 1st, 11th and 21st',
}
/** Each number is there for all, by game type, and by provider, and each for quarters of an hour and for whole days. */
const dimensions: Column[] = [
  { name: 'grain', type: "Enum8('quarter' = 1, 'day' = 2)", about: 'how long the time is; days are of UTC' },
  { name: 'part', type: 'LowCardinality(String)', about: 'game_type, game_provider, or empty: all' },
  { name: 'value', type: 'LowCardinality(String)', about: 'which one; a game type is canonical where it is known' },
]
const games: Column[] = [
  { name: 'game_type', type: 'LowCardinality(String)', about: 'canonical where it is known' },
  { name: 'game_provider', type: 'LowCardinality(String)', about: 'as sent, or empty' },
]
const money: Column = { name: 'currency', type: 'LowCardinality(String)', about: 'of a money event; else empty' }
const anyCurrency: Column = { name: 'currency', type: 'LowCardinality(String)', about: 'of any event, or empty' }
const eventName: Column = { name: 'event_name', type: 'LowCardinality(String)', about: 'its name' }
const mode: Column = { name: 'mode', type: "Enum8('live' = 1, 'test' = 2)", about: 'kind of the key' }
const counted = (name: string): Column => ({ name, type: count, about: `how many ${name}`, codec: text })
const balanced = (name: string): Column => ({ name, type: balance, about: `how many ${name}`, codec: text })
const summed = (name: string): Column => ({ name, type: sum, about: `the sum of ${name}`, codec: text })
const earliest = (name: string, about: string): Column => ({
  name,
  type: "SimpleAggregateFunction(min, DateTime64(3, 'UTC'))",
  about,
})
const latest = (name: string, about: string): Column => ({
  name,
  type: "SimpleAggregateFunction(max, DateTime64(3, 'UTC'))",
  about,
})
const countNames = ['registrations', 'logins', 'deposits', 'withdraws', 'bets', 'settlements']
const isOwn: Column = { name: 'is_own', type: 'Bool', about: 'whether it came with that click itself' }
const amounts = ['deposit_amount', 'withdraw_amount', 'stake', 'player_result'].map(summed)
const sums: Column[] = [...countNames.map(counted), ...amounts]
const balances: Column[] = [balanced('events'), ...countNames.map(balanced), ...amounts]
/** First deposits, and the sum of their amounts. */
const firsts: Column[] = [balanced('firsts'), summed('first_amount')]
const users: Column[] = [
  { name: 'active', type: bitmap, about: 'numbers of users with any event' },
  { name: 'depositors', type: bitmap, about: 'numbers of users with a deposit' },
]

function rollup(
  name: string,
  about: string,
  keys: Column[],
  values: Column[],
  settings: Record<string, number> = {},
): Table {
  const all = [...rollupColumns, ...keys]
  const orderBy = all.map(column => column.name).join(', ')
  return { name, about, columns: [...all, ...values], engine: 'sums', orderBy, settings }
}

/** A rollup of clicks, of which many rows are unpacked for each answer: what that costs counts. */
function lookedUp(
  settings: Record<string, number>,
  ...[name, about, keys, values]: [string, string, Column[], Column[]]
): Table {
  const table = rollup(name, about, keys, values, settings)
  return { ...table, columns: table.columns.map(column => ({ ...column, codec: 'LZ4' })) }
}

/** Parts of like size are merged as soon as there are two of them: every part has a row of each click, or nearly so. */
const merged = { merge_selector_base: 2 }

/**
 * And whatever their sizes when they are an hour old: each part is looked up in, and a table is written anew once an hour at
 * most, two million rows a second.
 */
export const mergedInTheEnd = { min_age_to_force_merge_seconds: 3_600 }

/** Where a few clicks of many are looked up: each granule is a block of its own in each column, so that little is unpacked beside them. */
const fine = { ...merged, index_granularity: 128, min_compress_block_size: 512 }

/** What reports add up, kept ready; everything in them can be made anew from the events. See rollups.ts. */
export const rollups = {
  numbers: rollup(
    'rollup_numbers',
    'Counts, sums and users by time. Users who were there at all stand in the rows without a currency.',
    [...dimensions, at('when that time begins'), money],
    [...sums, ...users],
  ),
  firsts: rollup(
    'rollup_firsts',
    "Users' first deposits; what was one until an earlier came is taken off again.",
    [
      { name: 'part', type: 'LowCardinality(String)', about: 'game_type, game_provider, or empty: all' },
      { name: 'value', type: 'LowCardinality(String)', about: 'which one' },
      at('the quarter of an hour in which it happened'),
      { name: 'currency', type: 'LowCardinality(String)', about: 'its currency' },
    ],
    firsts,
    merged,
  ),
  clicks: lookedUp(
    { ...fine, ...mergedInTheEnd },
    'rollup_clicks',
    'Counts, sums, first deposits and users by click. What came without a click belongs to the first one of its user, and moves when that becomes another.',
    [click, { name: 'period', type: 'UInt32', about: 'which day or third of a month: see click-sums.ts' }, money],
    [
      { name: 'click_id', type: 'SimpleAggregateFunction(any, String)', about: 'its text' },
      {
        name: 'sums',
        type: `SimpleAggregateFunction(sumMap, ${sumsType})`,
        about: 'how many, or the sum, by what it is and of whom',
      },
    ],
  ),
  clickRanks: lookedUp(
    { ...merged, ...mergedInTheEnd },
    'rollup_click_ranks',
    'What says which clicks come first.',
    [clickGrain, at('when that time begins'), click],
    [balanced('events'), balanced('deposits'), balanced('registrations')],
  ),
  clickUsers: lookedUp(
    fine,
    'rollup_click_users',
    'Counts and sums by click, user and day: what moves when the first click of its user becomes another.',
    [click, person, isOwn, day, money],
    balances,
  ),
  users: rollup(
    'rollup_users',
    'What is known of each user.',
    [person],
    [
      {
        name: 'first_deposit',
        type: `SimpleAggregateFunction(min, Tuple(place UInt128, currency String, amount Decimal(38, 18), click_id String,
          game_type String, game_provider String))`,
        about: 'the earliest deposit: its place first, by which it is the least; noPlace without any',
      },
      {
        name: 'first_click',
        type: 'SimpleAggregateFunction(min, Tuple(place UInt128, click_id String))',
        about: 'the click of the earliest event that has one; noPlace without any',
      },
      earliest('first_register', 'the time of the earliest register, where there is one'),
      counted('registers'),
      counted('deposits'),
    ],
  ),
  late: rollup(
    'rollup_late',
    'What was received in a later quarter of an hour than that in which it happened.',
    [
      at('the quarter of an hour in which it happened'),
      {
        name: 'received',
        type: "DateTime('UTC')",
        about: 'the quarter of an hour in which it was received',
        codec: text,
      },
      eventName,
      anyCurrency,
    ],
    [
      counted('events'),
      counted('amounts'),
      summed('amount'),
      earliest('first_received', 'when the first of them was received'),
      latest('last_received', 'when the last of them was received'),
    ],
  ),
  received: rollup(
    'rollup_received',
    'What was received, by hour, name and key; test events too.',
    [
      mode,
      at('the hour in which it was received'),
      eventName,
      { name: 'key_id', type: 'LowCardinality(String)', about: 'id of the key it was sent with' },
    ],
    [
      counted('events'),
      counted('requests'),
      earliest('first_received', 'when the first of them was received'),
      latest('last_received', 'when the last of them was received'),
    ],
  ),
  books: rollup(
    'rollup_books',
    'Exact sums by day, for the books of partners; test events too.',
    [
      mode,
      { name: 'clock', type: "Enum8('event' = 1, 'received' = 2)", about: 'by which time the day is told' },
      at('the day (UTC)'),
      eventName,
      anyCurrency,
    ],
    [counted('events'), counted('amounts'), summed('amount'), counted('bet_results'), summed('bet_result_amount')],
  ),
} as const satisfies Record<string, Table>

export const people: Table = {
  name: 'people',
  about: 'Numbers of users, for the rollups: 1, 2, 3 …, given anew with each build.',
  columns: [
    product,
    { name: 'client_user_id', type: 'String', about: "the partner's id of the user", codec: text },
    { name: 'number', type: 'UInt32', about: 'the number' },
  ],
  orderBy: 'product, client_user_id',
}

const settledColumns: Column[] = [
  product,
  { name: 'transaction_id', type: 'String', about: 'of the bet', codec: text },
  { name: 'load_seq', type: 'UInt64', about: 'the load that brought it', codec: time },
]

export const betResults: Table = {
  name: 'bet_results',
  about: 'Bets that brought their result themselves, for the rollups.',
  columns: settledColumns,
  orderBy: 'product, transaction_id',
}

export const settlements: Table = {
  name: 'settlements',
  about: 'Wins and losses of a bet that they name, for the rollups.',
  columns: [
    ...settledColumns,
    { name: 'request_id', type: 'UUID', about: 'the request it came in', codec: text },
    { name: 'position', type: 'UInt32', about: 'its index in the request', codec: text },
    { name: 'timestamp', type: "DateTime64(3, 'UTC')", about: 'when it happened', codec: time },
    { name: 'client_user_id', type: 'String', about: 'the user', codec: text },
    { name: 'click_id', type: 'String', about: 'as sent, or empty', codec: text },
    ...games,
    { name: 'currency', type: 'LowCardinality(String)', about: 'upper case' },
    { name: 'player_result', type: 'Decimal(76, 18)', about: 'what it would count', codec: text },
  ],
  orderBy: 'product, transaction_id',
}

/*
 * Where a step of the rollups is laid out while it is made: never trusted without the row that says which step it is. Of a
 * cluster, one server makes the steps.
 */

const stagedColumns: Column[] = [
  { name: 'build', type: 'String', about: 'of the row without a product, which says which step it is; else empty' },
  { name: 'step', type: 'UInt64', about: 'the last load of the step, in that row; else 0' },
  { name: 'load_seq', type: 'UInt64', about: 'the load that brought it' },
  product,
  mode,
  { name: 'key_id', type: 'LowCardinality(String)', about: 'id of the key it was sent with' },
  eventName,
  { name: 'timestamp', type: "DateTime64(3, 'UTC')", about: 'when it happened' },
  { name: 'received_at', type: "DateTime64(3, 'UTC')", about: 'when it was received' },
  { name: 'position', type: 'UInt32', about: 'its index in the request' },
  clickId,
  ...games,
  anyCurrency,
  { name: 'amount', type: 'Nullable(Decimal(38, 18))', about: 'null when none was sent' },
  { name: 'bet_result_amount', type: 'Nullable(Decimal(38, 18))', about: 'null when none was sent' },
  { name: 'player_result', type: 'Decimal(38, 18)', about: 'what it counts' },
  { name: 'taken_off', type: 'UInt64', about: 'the load of a settlement that is taken off; 0 of an event' },
]

/** The events of a step, and what is taken off with it, as far as rollups need them. */
export const stepEvents: Table = {
  name: 'step_events',
  about: 'The events of a step of the rollups, while it is made.',
  columns: [
    ...stagedColumns,
    { name: 'client_user_id', type: 'String', about: "the partner's id of the user" },
    { name: 'request_id', type: 'UUID', about: 'the request it came in' },
    { name: 'transaction_id', type: 'String', about: 'or empty' },
    { name: 'parent_transaction_id', type: 'String', about: 'or empty' },
  ],
  inMemory: true,
  orderBy: '',
}

/** Who is in a step, with their numbers. */
export const stepUsers: Table = {
  name: 'step_users',
  about: 'The users of a step of the rollups, while it is made.',
  columns: [
    {
      name: 'product',
      type: 'LowCardinality(String)',
      about: 'id of the product; empty in the row that says that all are there',
    },
    { name: 'client_user_id', type: 'String', about: "the partner's id of the user" },
    { name: 'is_new', type: 'Bool', about: 'whether the number is given with this step' },
    { name: 'number', type: 'UInt32', about: 'see people' },
  ],
  inMemory: true,
  orderBy: '',
}

/** The same events with their users' numbers. */
export const stepFacts: Table = {
  name: 'step_facts',
  about: 'What a step of the rollups adds up, while it is made.',
  columns: [...stagedColumns, person, { name: 'place', type: 'UInt128', about: 'puts events in order' }],
  inMemory: true,
  orderBy: '',
}

/** Under which click what came without one belongs: of users of a step who have one by then. */
export const stepClicks: Table = {
  name: 'step_clicks',
  about: 'The first click of users of a step of the rollups, before and after it.',
  columns: [
    product,
    person,
    { name: 'click_was', type: 'String', about: 'before it, or empty' },
    { name: 'click_is', type: 'String', about: 'after it' },
  ],
  inMemory: true,
  orderBy: '',
}

/** What a step adds to clicks, and takes off them. */
export const stepClickUsers: Table = {
  name: 'step_click_users',
  about: 'Counts and sums of a step of the rollups by click, user and day, while it is made; a key may be there again.',
  columns: [product, clickId, click, person, isOwn, day, money, ...balances],
  inMemory: true,
  orderBy: '',
}

/** Everything that is made for reports, and is made anew from the events. */
export const madeForReports: readonly Table[] = [...Object.values(rollups), people, betResults, settlements]
