// Examples of what is sent: an event of each known name, one that is not known, and a batch. Each of them is accepted.

export type Example = { summary: string; value: unknown }

const user = { client_user_id: 'user_001', click_id: 'clk_998877', timestamp: 1767225600 }
const from = { ...user, ip_address: '203.0.113.1' }
const agent = 'Mozilla/5.0 (Linux; Android 13; SM-G991B) AppleWebKit/537.36'

export const deposit = { ...from, event_name: 'deposit', transaction_id: 'tx_554433', amount: 50.25, currency: 'USD' }
export const login = { ...from, event_name: 'login', message_id: 'msg_20260101_0001', user_agent: agent }

export const eventExamples = {
  deposit: { summary: 'A deposit', value: deposit },
  withdraw: {
    summary: 'A withdrawal, in a crypto currency',
    value: {
      ...from,
      event_name: 'withdraw',
      transaction_id: 'tx_554434',
      amount: '0.015',
      currency: 'BTC',
      is_crypto: true,
    },
  },
  bet: {
    summary: 'A bet that brings its result',
    value: {
      ...user,
      event_name: 'bet',
      transaction_id: 'tx_554435',
      amount: 5,
      currency: 'USD',
      game_type: 'slot',
      game_provider: 'EA',
      bet_result: 'win',
      bet_result_amount: 12.5,
    },
  },
  win: {
    summary: 'A win, told after its bet',
    value: {
      ...user,
      event_name: 'win',
      transaction_id: 'tx_554437',
      parent_transaction_id: 'tx_554436',
      amount: 12.5,
      currency: 'USD',
      game_type: 'slot',
    },
  },
  loss: {
    summary: 'A loss, told after its bet',
    value: {
      ...user,
      event_name: 'loss',
      transaction_id: 'tx_554439',
      parent_transaction_id: 'tx_554438',
      amount: -5,
      currency: 'USD',
    },
  },
  register: {
    summary: 'A user signed up',
    value: { ...from, event_name: 'register', message_id: 'msg_20260101_0002', user_agent: agent },
  },
  login: { summary: 'A user signed in', value: login },
  custom: {
    summary: 'An event of your own, with properties of your own',
    value: {
      ...from,
      event_name: 'level_up',
      message_id: 'msg_20260101_0003',
      level: 7,
      vip: { tier: 'gold', since: '2025-06-01' },
    },
  },
} satisfies Record<string, Example>

export const misspelledExample: Example = {
  summary: 'With `dryrun`: a key that is not spelled as we spell it',
  value: { ...deposit, userAgent: agent },
}

const { amount: _amount, ...withoutAmount } = deposit

/** Refused as a whole; with `partial` or `dryrun` the first of its events is taken. */
export const partlyGood = [login, { ...withoutAmount, transaction_id: 'tx_554440' }]

export const batchExamples = {
  batch: { summary: 'Two events', value: [login, deposit] },
} satisfies Record<string, Example>
