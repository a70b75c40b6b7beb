// What the checks of the system are called, and what they found. The server tells what it found and what to do in English; the
// other language makes its sentences from the finding and its numbers.

import type { SystemCheck } from '../system-questions.ts'
import type { Language, Tell } from './language.tsx'
import { systemWordsIn } from './system.ts'

type Said = { found: string; next?: string }

const titles: Record<Language, Record<string, string>> = {
  en: {
    parts: 'Parts',
    ends: 'Restarts',
    log: 'Log',
    disk: 'Disk',
    processing: 'Processing',
    accounting: 'Accounting',
    rollups: 'Reports',
    memory: 'Memory',
    backup: 'Backup',
    keys: 'Unknown keys',
    limits: 'Limits',
    audit: 'Audit log',
  },
  'zh-Hant': {
    parts: '各部分',
    ends: '重新啟動',
    log: '日誌',
    disk: '磁碟',
    processing: '處理進度',
    accounting: '帳目',
    rollups: '報表',
    memory: '記憶體',
    backup: '備份',
    keys: '不明金鑰',
    limits: '上限',
    audit: '稽核紀錄',
  },
}

type Reader = Record<'number' | 'size' | 'text' | 'parts' | 'ms' | 'seconds', (name: string) => string>

const room =
  '請清出空間：換用較大的磁碟、降低 DATAPULSE_LOG_RETENTION，或縮短事件的保存期限。請勿手動刪除資料目錄中的任何檔案。'
const wait = '請確認管線與資料倉儲皆已就緒。若為補送資料，數量會自行減少。'

const chinese: Record<string, (n: Reader) => Said> = {
  api_away: () => ({
    found: '尚未就緒的部分包含 API，因此不會接收任何事件。',
    next: '系統會自動重新啟動它。若一分鐘內沒有改善，請查看伺服器日誌中它的最後一行，其中會說明原因。',
  }),
  part_away: n => ({
    found: `尚未就緒：${n.parts('away')}。期間事件仍會接收，並在日誌中等待。`,
    next: '系統會自動重新啟動它。若數分鐘內沒有改善，請查看伺服器日誌中它的最後一行。',
  }),
  shares_away: n => ({
    found: `日誌分片 ${n.text('shares')} 沒有主機回應。其產品的事件仍會接收，並在日誌中等待。`,
    next: '十秒內會由另一台主機接手。若無人接手，請確認有管線在執行，並查看其日誌。',
  }),
  ends_often: n => ({
    found: `${n.parts('part')}在最近半小時內結束 ${n.number('ends')} 次，最近一次因 ${n.text('how')}，已重新啟動。`,
    next: '請查看伺服器日誌中每次結束前的內容。沒有原因的 SIGKILL 多半是作業系統在記憶體用盡時所為，請查看系統日誌。',
  }),
  log_unknown: () => ({ found: 'API 沒有回應，而只有 API 知道。' }),
  log_refusing: n => ({
    found: `日誌無法寫入：${n.text('why')} 每筆事件都會收到 500 與 Retry-After。`,
    next: '請清出磁碟空間，或排除使處理停止的原因。空間足夠後會自動恢復。',
  }),
  log_shares_refusing: n => ({
    found: `日誌有 ${n.number('shares')} 個分片無法寫入：其產品的事件會收到 500 與 Retry-After。`,
    next: '請查看 NATS 伺服器與 API 的日誌。恢復後會自動繼續。',
  }),
  log_damaged: n => ({
    found: `日誌有 ${n.number('damaged')} 處無法讀取。`,
    next: '請檢查磁碟，查看以 log_damaged 擱置的內容，並請合作夥伴重送該時段的事件：重送只會計算一次。',
  }),
  log_budget: n => ({
    found: `已用 ${n.size('bytes')}，上限 ${n.size('budget')}。用盡時事件會收到 500。`,
    next: '請排除使處理停止的原因。若沒有落後，請降低 DATAPULSE_LOG_RETENTION_BYTES；若需要時間，可提高 DATAPULSE_LOG_BUDGET。',
  }),
  log_weaker: n => ({ found: n.text('why'), next: '請將 NATS 伺服器升級至會先同步再回覆的版本。' }),
  disk_unknown: () => ({ found: '目前無法查看磁碟。' }),
  disk_full: n => ({
    found: `可用 ${n.size('free')}，低於 ${n.size('min')}：不接收任何事件，一律回覆 500。`,
    next: room,
  }),
  disk_low: n => ({ found: `可用 ${n.size('free')}；低於 ${n.size('min')} 時將不再接收事件。`, next: room }),
  lag_unknown: () => ({ found: '管線沒有回應，而只有管線知道進度。事件仍會接收，並在日誌中等待。' }),
  lag_long: n => ({ found: `${n.number('events')} 筆事件等待處理，最久已等待 ${n.seconds('seconds')}。`, next: wait }),
  lag_behind: n => ({
    found: `${n.number('events')} 筆事件等待處理，最久已等待 ${n.seconds('seconds')}。`,
    next: wait,
  }),
  accounting_unknown: () => ({ found: '目前並非每個部分都能回答。' }),
  accounting_broken: n => ({
    found: `事件帳目不符：${n.text('problem')}`,
    next: '請保留伺服器日誌、做一次備份，並參閱操作手冊的 DatapulseAccounting 與 DatapulseEventsMissing。',
  }),
  rollups_unknown: () => ({ found: '管線沒有回應。' }),
  rollups_late: n => ({
    found: `報表的彙總資料已有 ${n.ms('behind_ms')} 未更新：報表改由事件直接產生，較慢但同樣正確。`,
    next: '大型資料倉儲剛啟動或正在處理積壓時會自行恢復；否則請查看管線的日誌。',
  }),
  memory_low: n => ({
    found: `可用 ${n.size('available')}，共 ${n.size('total')}。用盡時作業系統會結束用量最大的部分，該部分會重新啟動。`,
    next: '請增加主機的記憶體，或找出其他使用記憶體的程式。',
  }),
  backup_unknown: () => ({ found: '負責備份的管線沒有回應。' }),
  backup_none: () => ({
    found: '此處沒有已知的備份：磁碟一旦毀損，所有資料都會遺失。',
    next: '請在下方備份至資料以外的另一顆磁碟，之後以 cron 每晚執行。',
  }),
  backup_old: n => ({
    found: `最近一次備份距今 ${n.ms('age_ms')}。`,
    next: '請在下方立即備份，或查明每晚的備份為何沒有執行。',
  }),
  backup_failed: n => ({
    found: `最近一次備份失敗：${n.text('problem')}`,
    next: '請清出空間或選擇其他資料夾，然後重新備份。',
  }),
  backup_damaged: n => ({ found: `最近一次備份已損毀：${n.text('problem')}`, next: '請重新備份至另一顆磁碟。' }),
  keys_unknown: () => ({ found: '目前無法讀取清單。' }),
  keys_many: n => ({
    found: `最近 24 小時有 ${n.number('requests')} 個請求未附金鑰，或使用不存在的金鑰。`,
    next: '來源請見下方：使用錯誤金鑰的合作夥伴會收到 401 並遺失事件；陌生來源最好在代理伺服器上阻擋。',
  }),
  limits_unknown: () => ({ found: 'API 沒有回應。' }),
  limits_apart: () => ({
    found: 'Redis 沒有回應，因此各主機自行計算金鑰的上限。有效的請求不會遭拒。',
    next: '請恢復 Redis，系統會自動重新連線。',
  }),
  audit_faults: n => ({
    found: `網頁部分啟動後，有 ${n.number('faults')} 次操作無法記錄。`,
    next: '請檢查磁碟與伺服器日誌。無法記錄的操作不會執行。',
  }),
}

/** `next` is null where there is nothing to do but wait. */
export function tellSystemCheck(
  check: SystemCheck,
  language: Language,
  tell: Tell,
): { title: string; found: string; next: string | null } {
  const title = titles[language][check.check] ?? check.check
  const english = { found: check.found, next: check.verdict === 'unknown' ? null : check.next }
  const said = language === 'en' ? null : chinese[check.finding]?.(readerOf(check, tell))
  return said == null ? { title, ...english } : { title, found: said.found, next: said.next ?? null }
}

function readerOf({ numbers }: SystemCheck, tell: Tell): Reader {
  const number = (name: string) => Number(numbers[name] ?? 0)
  const names = systemWordsIn('zh-Hant').partNames as Record<string, string>
  return {
    parts: name =>
      String(numbers[name] ?? '')
        .split(', ')
        .map(part => names[part] ?? part)
        .join('、'),
    number: name => tell.number(number(name)),
    size: name => tell.size(number(name)),
    text: name => String(numbers[name] ?? ''),
    ms: name => tell.length(number(name)),
    seconds: name => tell.length(number(name) * 1_000),
  }
}
