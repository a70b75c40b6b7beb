// What the checks of the diagnostics are called, and what they found. The server tells what it found and what to do in English,
// by the command line; here its sentences name the page of the console where that has what the command does. The other
// language makes its sentences from the numbers.

import type { Check, Numbers } from '../questions.ts'
import { en } from './en.ts'
import type { Language, Tell } from './language.tsx'
import { ruleInChinese } from './violations.ts'
import { zhHant } from './zh-hant.ts'

type Told = { title: string; asks: string; found?: (n: Reader, tell: Tell) => string; next?: string }
type Reader = (name: string) => number

const english: Record<string, Told> = {
  keys: { title: 'Keys', asks: 'Do requests come with a key that may send?' },
  rate_limit: { title: 'Rate limit', asks: 'Does a key send more than it may?' },
  schema: { title: 'Content', asks: 'Have events what they need, in the right form?' },
  server_errors: { title: 'Server errors', asks: 'Did this server fail to take requests?' },
  processing: { title: 'Processing', asks: 'Is what was accepted processed in time?' },
  parked: { title: 'Parked', asks: 'Could everything that was accepted be processed?' },
  activity: { title: 'Activity', asks: 'Do events come at all?' },
  duplicates: { title: 'Duplicates', asks: 'How much comes again?' },
  conflicts: { title: 'Conflicts', asks: 'Does anything come again with another amount, currency or user?' },
  click_id: { title: 'Click ids', asks: 'Can registrations be told by campaign?' },
  user_agent: { title: 'User agents', asks: 'Can devices be told?' },
  delay: { title: 'Delay', asks: 'How long after they happen do events come?' },
  clock: { title: 'Clock', asks: 'Is the partner’s clock right?' },
  names: { title: 'Names', asks: 'Is a known event nearly, but not quite, named?' },
  settlement: { title: 'Settlement', asks: 'Do bets have results?' },
}

const chinese: Record<string, Told> = {
  keys: {
    title: '金鑰',
    asks: '請求是否使用可傳送的金鑰？',
    found: (n, tell) =>
      `${tell.number(n('accepted_requests') + n('refused_later_requests'))} 個請求使用可傳送的金鑰；已撤銷 ${tell.number(n('revoked_requests'))}、已到期 ${tell.number(n('expired_requests'))}、無傳送權限 ${tell.number(n('scope_requests'))}、疑似輸入不完整 ${tell.number(n('resembling_requests'))}。目前有效金鑰 ${tell.number(n('active_keys'))} 把。`,
    next: `請確認合作夥伴使用有效金鑰，並完整複製；必要時在「${zhHant.pages.keys}」建立新的金鑰。`,
  },
  rate_limit: {
    title: '速率限制',
    asks: '是否有金鑰超過傳送上限？',
    found: (n, tell) =>
      `${tell.number(n('requests'))} 個請求中有 ${tell.number(n('limited_requests'))} 個（${tell.share(n('share'))}）超過上限。`,
    next: `請合作夥伴改用批次（一個批次只計一次請求），並依 Retry-After 等待；或在「${zhHant.pages.keys}」提高該金鑰的上限。`,
  },
  schema: {
    title: '內容',
    asks: '事件欄位是否齊全且格式正確？',
    found: (n, tell) =>
      `已接受 ${tell.number(n('accepted_events'))} 筆，因內容遭拒 ${tell.number(n('refused_events'))} 筆（${tell.share(n('share'))}）。`,
    next: `請依下方的主要原因與請求範例修正，修正後可在「${zhHant.pages.rejected}」重新傳送已保留的請求。`,
  },
  server_errors: {
    title: '伺服器錯誤',
    asks: '此伺服器是否未能接收請求？',
    found: (n, tell) => `${tell.number(n('requests'))} 個請求中有 ${tell.number(n('failed_requests'))} 個收到 500。`,
    next: `請在「${zhHant.pages.system}」檢查磁碟、日誌空間與負載。`,
  },
  processing: {
    title: '處理',
    asks: '已接受的事件是否及時處理？',
    found: (n, tell) =>
      `目前有 ${tell.number(n('lag_events'))} 筆事件等待處理，落後 ${tell.length(n('lag_seconds') * 1_000)}。`,
    next: '已接受的事件皆已安全保存並會處理完成，請稍後再查看。',
  },
  parked: {
    title: '擱置',
    asks: '已接受的事件是否都能處理？',
    found: (n, tell) =>
      `已接受 ${tell.number(n('accepted_events'))} 筆，其中 ${tell.number(n('parked_events'))} 筆無法處理。`,
    next: `請在「${zhHant.pages.rejected}」查看原因，修正後可重新傳送。`,
  },
  activity: {
    title: '活動',
    asks: '是否有事件送達？',
    found: (n, tell) =>
      `此期間接受 ${tell.number(n('accepted_events'))} 筆事件，最後一小時儲存 ${tell.number(n('stored_last_hour'))} 筆，拒絕 ${tell.number(n('refused_requests'))} 個請求。`,
    next: `請確認合作夥伴的傳送程式正在執行，且位址與金鑰正確；您可在「${zhHant.pages.try}」自行傳送一筆事件。`,
  },
  duplicates: {
    title: '重複',
    asks: '有多少事件重複送達？',
    found: (n, tell) =>
      `${tell.number(n('events'))} 筆事件中有 ${tell.number(n('duplicate_events'))} 筆（${tell.share(n('share'))}）先前已收到。`,
    next: '每筆只計算一次，數字不會有誤；請合作夥伴停止重送已回覆 200 的請求。',
  },
  conflicts: {
    title: '衝突',
    asks: '是否有事件以不同的金額、幣別或用戶再次送達？',
    found: (n, tell) =>
      `${tell.number(n('events'))} 筆事件中有 ${tell.number(n('conflict_events'))} 筆內容不一致，以第一筆為準。`,
    next: '一個 transaction_id 只能代表一筆交易，請合作夥伴確認差異。',
  },
  click_id: {
    title: '點擊識別碼',
    asks: '註冊能否歸屬於行銷活動？',
    found: (n, tell) => `${tell.number(n('events'))} 筆中有 ${tell.share(n('share'))} 附有 click_id。`,
    next: '請合作夥伴保存到達頁的 click_id，並於 register 與 login 一併傳送。',
  },
  user_agent: {
    title: 'User Agent',
    asks: '能否辨識裝置？',
    found: (n, tell) => `${tell.number(n('events'))} 筆中有 ${tell.share(n('share'))} 附有 user_agent。`,
    next: '請合作夥伴將用戶的 User-Agent 請求頭隨 register 與 login 傳送。',
  },
  delay: {
    title: '延遲',
    asks: '事件發生後多久送達？',
    found: (n, tell) => `半數事件於 ${tell.length(n('median_ms'))} 內送達，95% 於 ${tell.length(n('p95_ms'))} 內送達。`,
    next: '請合作夥伴在事件發生時立即傳送，或以數秒為單位批次傳送。',
  },
  clock: {
    title: '時鐘',
    asks: '合作夥伴的時鐘是否正確？',
    found: (n, tell) =>
      `${tell.number(n('ahead_events'))} 筆事件的時間超前接收時間，其中 ${tell.number(n('far_ahead_events'))} 筆超前 5 分鐘以上；${tell.number(n('refused_future_requests'))} 個請求因超前 48 小時遭拒。`,
    next: '請合作夥伴以 NTP 校正時鐘，並以 UTC 傳送時間。',
  },
  names: {
    title: '名稱',
    asks: '是否有與標準事件相近但不相同的名稱？',
    next: '請合作夥伴使用完全相同的標準名稱；相近的名稱視為另一種事件，不計入報表。',
  },
  settlement: {
    title: '結算',
    asks: '投注是否有結果？',
    found: (n, tell) =>
      `${tell.number(n('bets'))} 筆投注中有 ${tell.number(n('bets_with_result'))} 筆附有結果；另有 ${tell.number(n('results'))} 筆輸贏事件，其中 ${tell.number(n('results_with_parent'))} 筆附有 parent_transaction_id。`,
    next: '請合作夥伴只採用一種結算方式，並在每筆 win 與 loss 附上 parent_transaction_id。',
  },
}

/** On which page of the console what a check asks for is done, where there is one. */
const placeOf = {
  keys: 'keys',
  rate_limit: 'keys',
  server_errors: 'system',
  processing: 'system',
  activity: 'try',
} as const

/** What the server tells by a command, and the page that does the same. */
const onPages: [command: RegExp, instead: string][] = [
  [/ with `datapulse keys create [^`]*`/, ` on the page “${en.pages.keys}”`],
  [/ with `datapulse keys update (\S+) --rate-limit N`/, ` of $1 on the page “${en.pages.keys}”`],
  [/(See|Look at) `datapulse status`/, `$1 the page “${en.pages.system}”`],
  [/See with `datapulse status`/, `See on the page “${en.pages.system}”`],
  [/ with `datapulse rejected list [^`]*`/, ` on the page “${en.pages.rejected}”`],
  [
    /(it sent|why)(?:: | with )`datapulse (?:rejected requests|parked list) [^`]*`/,
    `$1 on the page “${en.pages.rejected}”`,
  ],
  [/; `datapulse replay` sends (it|them) again after a fix/, '; after a fix you can send $1 again there'],
  [/; `datapulse doctor` shows that this server works/, `; on the page “${en.pages.try}” you can send one yourself`],
]

/** `place`: the page that `next` speaks of. */
export type ToldCheck = {
  title: string
  asks: string
  found: string
  next: string | null
  place: (typeof placeOf)[keyof typeof placeOf] | null
}

export function tellCheck(check: Check, language: Language, tell: Tell): ToldCheck {
  const told = (language === 'en' ? english : chinese)[check.check] ?? { title: check.check, asks: '' }
  const isWell = check.verdict === 'good' || check.verdict === 'nothing'
  const place = Object.hasOwn(placeOf, check.check) ? placeOf[check.check as keyof typeof placeOf] : null
  if (language === 'en')
    return {
      title: told.title,
      asks: told.asks,
      found: check.found,
      next:
        check.verdict === 'good'
          ? null
          : onPages.reduce((text, [command, page]) => text.replace(command, page), check.next),
      place,
    }
  const away = check.check === 'processing' ? check.numbers['not_ready'] : null
  const most = mostOf(check, tell)
  const found =
    typeof away === 'string'
      ? `${away
          .split(', ')
          .map(part => partWords[part] ?? part)
          .join('、')}尚未就緒。`
      : check.check === 'names'
        ? namesOf(check.numbers, tell)
        : check.verdict === 'nothing'
          ? '尚無資料可判斷。'
          : told.found?.(reader(check.numbers), tell)
  return {
    title: told.title,
    asks: told.asks,
    found: `${found ?? check.found}${most}`,
    next: isWell ? null : (told.next ?? check.next),
    place,
  }
}

const partWords: Record<string, string> = { log: '日誌', pipeline: '管線', warehouse: '資料倉儲' }

function namesOf({ near_misses: near }: Numbers, tell: Tell): string {
  if (!Array.isArray(near) || near.length === 0) return '沒有與標準名稱相近的名稱。'
  return `${near.map(one => `${tell.number(Number(one['events']))} 筆名為 ${one['event_name']}，應為 ${one['expected']}`).join('；')}。`
}

/** Of what most of it is made. */
function mostOf({ check, verdict, numbers }: Check, tell: Tell): string {
  if (verdict === 'good' || verdict === 'nothing') return ''
  if (check === 'rate_limit' && typeof numbers['key_id'] === 'string')
    return `主要是金鑰 ${numbers['key_id']}，上限為每分鐘 ${tell.number(Number(numbers['rate_limit'] ?? 0))} 個請求。`
  if (check !== 'schema') return ''
  const [missing, other] = [firstOf(numbers['missing']), firstOf(numbers['others'])]
  const isMissing = missing !== undefined && !(Number(other?.['requests'] ?? 0) > Number(missing['requests']))
  const first = isMissing ? missing : other
  if (first === undefined) return ''
  const requests = tell.number(Number(first['requests']))
  if (isMissing) return `主要是 ${requests} 個請求缺少 ${String(first['field'])}。`
  const rule = ruleInChinese(String(first['rule']))
  return `主要是 ${requests} 個請求的 ${String(first['field'])}：${rule}`
}

function firstOf(list: Numbers[string] | undefined): Record<string, unknown> | undefined {
  return Array.isArray(list) ? list[0] : undefined
}

/** What is not known counts as nothing. */
function reader(numbers: Numbers): Reader {
  return name => Number(numbers[name] ?? 0)
}
