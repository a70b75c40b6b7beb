// What the flags of an event mean, in each language: a flag that is new has no words until it has them here.

import { type Flag, flags as english } from '@datapulse/contract/flags'
import type { Language } from './language.tsx'

const chinese: Record<Flag, string> = {
  future_skew: '時間戳超前伺服器時間 5 分鐘以上。',
  near_miss_name: '事件名稱與標準名稱只差在大小寫或分隔字元，因此視為自訂事件。',
  negative_amount: 'deposit、withdraw 的金額或 bet 的投注金額為負數。',
  sign_mismatch: '輸贏的正負號不符：loss 為正數，或 win 為負數。',
  rounded_amount: '金額的小數超過 18 位，已四捨六入五成雙。',
  unknown_currency: '貨幣代碼不是三個字母，且 is_crypto 不是 true。',
  idempotency_reused: '相同的 Idempotency-Key 先前曾在此位置傳送另一筆事件。',
  bet_result_unknown: 'bet_result 既不是 win 也不是 loss。',
  settled_twice: '投注本身已附結果，又有 win 或 loss 指向它：只計算投注的結果。',
}

/** null of a flag that this version does not know. */
export function flagMeaning(flag: string, language: Language): string | null {
  if (!Object.hasOwn(english, flag)) return null
  return (language === 'en' ? english : chinese)[flag as Flag]
}
