// Events for the suites: the published page's examples, placeholders filled in, and good events to bend.

const nowMs = Date.now()

/** A good deposit, with something changed. `undefined` leaves a field out. */
export function deposit(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    client_user_id: 'user_001',
    click_id: 'clk_998877',
    ip_address: '203.0.113.1',
    event_name: 'deposit',
    transaction_id: 'tx_554433',
    timestamp: 1702963200,
    amount: 50.0,
    currency: 'USD',
    ...change,
  }
}

/** A good event that moves no money. */
export function login(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    client_user_id: 'user_001',
    event_name: 'login',
    timestamp: 1702963200,
    ip_address: '2001:db8::1',
    ...change,
  }
}

/** Every example of the published page, by its heading. */
export const published: Record<string, Record<string, unknown>> = {
  'curl example': deposit(),
  register: {
    client_user_id: 'u-1',
    click_id: 'c-1',
    event_name: 'register',
    timestamp: nowMs,
    ip_address: '203.0.113.7',
    user_agent: 'Mozilla/5.0 (Linux; Android 13; SM-G991B) AppleWebKit/537.36',
  },
  login: {
    client_user_id: 'u-1',
    click_id: 'c-1',
    event_name: 'login',
    timestamp: nowMs,
    ip_address: '203.0.113.7',
    user_agent: 'Mozilla/5.0',
  },
  deposit: {
    client_user_id: 'u-1',
    click_id: 'c-1',
    event_name: 'deposit',
    currency: 'BTC',
    amount: 5.0,
    transaction_id: 't-1',
    timestamp: nowMs,
    ip_address: '203.0.113.7',
    is_crypto: true,
  },
  bet: {
    client_user_id: 'u-1',
    event_name: 'bet',
    game_type: 'slot',
    game_provider: 'EA',
    currency: 'USD',
    amount: 5.0,
    transaction_id: 't-2',
    timestamp: nowMs,
    is_crypto: false,
    bet_result: 'win',
    bet_result_amount: 1.0,
  },
  win: {
    client_user_id: 'u-1',
    event_name: 'win',
    game_type: 'casino',
    game_provider: 'GGP',
    currency: 'USD',
    amount: 5.0,
    transaction_id: 't-3',
    parent_transaction_id: 't-2',
    timestamp: nowMs,
    is_crypto: false,
  },
  loss: {
    client_user_id: 'u-1',
    event_name: 'loss',
    game_type: 'casino',
    game_provider: 'GGP',
    currency: 'EUR',
    amount: 5.0,
    transaction_id: 't-4',
    parent_transaction_id: 't-2',
    timestamp: nowMs,
    is_crypto: false,
  },
  withdraw: {
    client_user_id: 'u-1',
    event_name: 'withdraw',
    currency: 'EUR',
    amount: 5.0,
    transaction_id: 't-5',
    timestamp: nowMs,
    ip_address: '203.0.113.7',
    is_crypto: false,
  },
}
