// What the admin API says no with, in Traditional Chinese; in English it is what it answered. Made as the sentences of violations
// are: from the code, and from what the API's sentence has besides words. A test asks the server for its codes and sentences. One
// that is not known, of another version perhaps, is told by its code alone. Fetched when something was refused, not before.

import { type Tell, violationInChinese } from './violations.ts'

export type Refused = { code: string; message: string; problems: { name: string; message: string }[] }

/** `exact`: whether all is told that the API's sentence tells. */
export type ToldRefusal = { text: string; exact: boolean }

type Sentence = [said: RegExp, made: (captured: string[], tell: Tell) => string]

/** Problems without their summary, which names them once more. */
export function refusalInEnglish({ message, problems }: Refused): string {
  const said = problems.length === 0 ? [message] : problems.map(problem => problem.message)
  return said.map(sentence => (/[.!?]$/.test(sentence) ? sentence : `${sentence}.`)).join(' ')
}

export function refusalInChinese({ code, message, problems }: Refused, tell: Tell): ToldRefusal {
  if (problems.length === 0) return whole(code, message, tell)
  const told = problems.map(problem => one(problem, tell))
  return { text: told.map(({ text }) => text).join(''), exact: told.every(({ exact }) => exact) }
}

function whole(code: string, message: string, tell: Tell): ToldRefusal {
  const found = find(sentences, message, tell)
  if (found !== null) return { text: found, exact: true }
  if (/^What was sent cannot be sent again|^Nothing is kept of this request$/.test(message))
    return violationInChinese({ rule: null, message }, tell)
  return { text: Object.hasOwn(general, code) ? general[code]! : `${message}（${code}）`, exact: exactCodes.has(code) }
}

function one({ name, message }: { name: string; message: string }, tell: Tell): ToldRefusal {
  const label = fieldWords[name] ?? name
  const found = find(problemSentences, message, tell)
  if (found !== null) return { text: `${label}：${found}。`, exact: true }
  const [, wanted, got] = /^\S+ must be (.+?)(?:: got (.*))?$/s.exec(message) ?? []
  const told = wanted === undefined ? null : wantedInChinese(wanted, tell)
  if (told === null) return { text: `${label}：值不正確。`, exact: false }
  return { text: `${label}：必須是${told}${got === undefined ? '' : `，收到的是 ${got}`}。`, exact: true }
}

function wantedInChinese(wanted: string, tell: Tell): string | null {
  const [, alone] = /^(.*), or never$/.exec(wanted) ?? []
  if (alone === undefined) return find(wantedSentences, wanted, tell)
  const told = find(wantedSentences, alone, tell)
  return told && `${told}，或 never`
}

function find(among: readonly Sentence[], said: string, tell: Tell): string | null {
  for (const [pattern, made] of among) {
    const found = pattern.exec(said)
    if (found !== null) return made(found.slice(1), tell)
  }
  return null
}

const number = (captured: string | undefined, tell: Tell) => tell.number(Number(captured))

/** By the labels of the forms; of what no form sends, the name as it is. */
const fieldWords: Record<string, string> = {
  name: '名稱',
  product: '產品',
  id: '產品名稱',
  mode: '類型',
  rate_limit: '每分鐘請求數',
  scopes: '權限',
  expires_at: '到期',
  retention_days: '保存天數',
  mapping: '名稱對應',
  key: '金鑰',
  to: '資料夾',
  since: '開始時間',
  until: '結束時間',
  token: '權杖',
}

/** One for each code, by which what has no sentence of its own is told. */
const general: Record<string, string> = {
  BAD_PARAMETERS: '有欄位的值不正確。',
  BAD_BODY: '伺服器無法讀取此請求：請求體必須是 JSON 物件。',
  UNAUTHORIZED: '工作階段已結束，請重新登入。',
  READ_ONLY: '檢視者只能查看，無法變更；請洽管理員。',
  WRONG_ORIGIN: '此操作並非由本伺服器的控制台送出，因此遭拒。請重新載入頁面。',
  NOT_FOUND: '找不到指定的項目，可能已被移除。',
  METHOD_NOT_ALLOWED: '伺服器不支援此操作，控制台與伺服器的版本可能不同。請重新載入頁面。',
  NOT_POSSIBLE: '目前無法執行此操作。',
  TOO_LARGE: '傳送的內容過大。',
  UNSUPPORTED_TYPE: '伺服器不接受此格式，僅接受 JSON。',
  WRONG_HOST: '伺服器不接受以此主機名稱連線，請在設定中允許此名稱。',
  TOO_MANY_FAILURES: '錯誤的權杖或工作階段過多，請一分鐘後再試。',
  TOO_MANY_STREAMS: '同時開啟的即時事件流過多，請關閉其他視窗後再試。',
  TOO_MANY_TRIES: '同時測試的請求過多，未傳送任何資料，請稍後再試。',
  INTERNAL: '伺服器發生錯誤，原因記錄於伺服器日誌。',
  API_AWAY: '目前沒有可用的 API，未傳送任何資料。',
  API_SILENT: 'API 已收到請求，但未及時回應。以相同識別碼重新傳送只會計算一次。',
  AUDIT_AWAY: '無法寫入稽核紀錄，因此未執行任何操作。原因記錄於伺服器日誌。',
  PIPELINE_AWAY: '目前無法詢問管線，請稍後再試。',
  WAREHOUSE_AWAY: '資料倉儲目前無法回應，請稍後再試。',
  WAREHOUSE_BUSY: '目前對資料倉儲的查詢過多，請稍後再試。',
  WAREHOUSE_SLOW: '查詢時間過長，請選擇單一產品或較短的期間。',
}

/** Those that say all by themselves, in whatever words the API says them. */
const exactCodes = new Set(Object.keys(general).filter(code => !['BAD_PARAMETERS', 'NOT_POSSIBLE'].includes(code)))

const verbs: Record<string, string> = { create: '建立', change: '變更', revoke: '撤銷' }

const sentences: readonly Sentence[] = [
  [
    /^Cannot create the (product|key) because there may be (\d+) at most\.$/,
    ([what, most], tell) =>
      `無法建立${what === 'key' ? '金鑰' : '產品'}：最多 ${number(most, tell)} ${what === 'key' ? '把' : '個'}，已達上限。`,
  ],
  [
    /^Cannot (\w+) the (product|key) because there is none with the id (.*)\.$/s,
    ([verb = '', what, id]) => `無法${verbs[verb] ?? verb}${what === 'key' ? '金鑰' : '產品'}：${id} 不存在。`,
  ],
  [/^Cannot change the key because it is revoked\.$/, () => '無法變更金鑰：此金鑰已撤銷。'],
  [
    /^Cannot use this product name because it must be 1 to (\d+) of .*: got (.*)\.$/s,
    ([most, got]) =>
      `無法使用此產品名稱：必須是 1 至 ${most} 個 a-z、0-9、- 或 _，且以字母或數字開頭，收到的是 ${got}。`,
  ],
  [
    /^Cannot change the product because its retention must be 1 to (\d+) days: got (.*)\.$/s,
    ([most, got], tell) => `無法變更產品：保存天數必須是 1 至 ${number(most, tell)}，收到的是 ${got}。`,
  ],
  [
    /^Cannot (\w+) the key because its name must be 1 to (\d+) printable characters: got (.*)\.$/s,
    ([verb = '', most, got]) => `無法${verbs[verb] ?? verb}金鑰：名稱必須是 1 至 ${most} 個可見字元，收到的是 ${got}。`,
  ],
  [
    /^Cannot (\w+) the key because its rate limit must be a whole number from 1 to (\d+): got (.*)\.$/s,
    ([verb = '', most, got], tell) =>
      `無法${verbs[verb] ?? verb}金鑰：每分鐘請求數必須是 1 至 ${number(most, tell)} 的整數，收到的是 ${got}。`,
  ],
  [
    /^Cannot (\w+) the key because its expiry must be a time in the future: got (.*)\.$/s,
    ([verb = '', got]) => `無法${verbs[verb] ?? verb}金鑰：到期必須是未來的時間，收到的是 ${got}。`,
  ],
  [
    /^Cannot (\w+) the key because its (mode must be live or test|scopes must be one or both of ingest and read): got (.*)\.$/s,
    ([verb = '', what = '', got]) =>
      `無法${verbs[verb] ?? verb}金鑰：${what.startsWith('mode') ? '類型必須是 live 或 test' : '權限必須是 ingest、read 或兩者'}，收到的是 ${got}。`,
  ],
  [
    /^Cannot make the viewer because its name must be 1 to (\d+) printable characters\.$/,
    ([most]) => `無法新增檢視者：名稱必須是 1 至 ${most} 個可見字元。`,
  ],
  [
    /^Cannot make the viewer because there may be (\d+) at most, removed ones included\.$/,
    ([most], tell) => `無法新增檢視者：最多 ${number(most, tell)} 位（含已移除者），已達上限。`,
  ],
  [/^There is no viewer of this id\.?$/, () => '此檢視者已不存在，可能已被移除。'],
  [/^There is no session of this id$/, () => '此工作階段已不存在，可能已經結束。'],
  [/^There is no product of this id$/, () => '沒有此產品。'],
  [/^There is no key of this id$/, () => '沒有此金鑰。'],
  [/^There is no erasure of this id$/, () => '沒有此刪除請求。'],
  [/^There are no rates of this month$/, () => '沒有此月份的匯率。'],
  [/^No event came under this id$/, () => '沒有以此識別碼送達的事件。'],
  [/^No rejected request of this id is kept$/, () => '此遭拒的請求已不再保留。'],
  [/^No event that came from there is in conflict with another$/, () => '該處沒有與其他事件衝突的事件。'],
  [/^There is no such report: there are (.*)$/s, ([known]) => `沒有此報表，可用的報表為 ${known}。`],
  [/^Who sends a token has no session to end$/, () => '以權杖呼叫時，沒有工作階段可以結束。'],
  [
    /^Events are being processed again(?: already)?: wait until that has ended$/,
    () => '事件正在重新處理，請等待結束後再試。',
  ],
  [
    /^It was decided at (\S+) that the event of (\S+ #\S+) counts instead of that of (\S+ #\S+)\. .*$/s,
    ([time, stands, stood]) =>
      `已於 ${time} 決定以 ${stands} 的事件取代 ${stood} 的事件。若要改變，請指定 ${stood} 為 later。`,
  ],
  [
    /^Cannot erase the user because (\d+) at most are kept out\.$/,
    ([most], tell) => `無法刪除用戶：最多 ${number(most, tell)} 位，已達上限。`,
  ],
  [
    /^Cannot back up because the log must have one share: it has (\d+),.*$/s,
    ([shares]) => `無法備份：日誌分為 ${shares} 份，每份各有資料倉儲。ClickHouse 與 NATS 另有自己的備份方式。`,
  ],
  [
    /^Cannot back up because one at a time may be made: one goes to (.*)$/s,
    ([path]) => `無法備份：一次只能進行一個，目前正備份至 ${path}。`,
  ],
  [
    /^Cannot check the backup because one at a time may be read: that in (.*) is$/s,
    ([path]) => `無法檢查備份：一次只能檢查一個，目前正在檢查 ${path}。`,
  ],
  [
    /^Cannot check (.*) because it must be a backup that is listed: it is not$/s,
    ([path]) => `無法檢查 ${path}：此備份不在清單中。`,
  ],
  [
    /^Several things are kept of this request: name a position of (.*)$/s,
    ([positions]) => `此請求保留了多筆內容，請指定其中一個位置：${positions}。`,
  ],
]

const problemSentences: readonly Sentence[] = [
  [/^\S+ is missing: .*$/s, () => '必填'],
  [/^.* is not known here: known are (.*)$/s, ([known]) => `不認得此欄位，可用的欄位為 ${known}`],
  [/^.* was given (\d+) times: give it once$/s, ([times], tell) => `出現 ${number(times, tell)} 次，只能出現一次`],
  [
    /^until must be later than since, and within the (\d+) days that usage is kept$/,
    ([days], tell) => `必須晚於開始時間，且在保留用量的 ${number(days, tell)} 天內`,
  ],
  [/^(?:until|to) must be later than (?:since|from)$/, () => '必須晚於開始'],
  [/^window and since cannot be given both: give one$/, () => '不可同時指定 window 與 since'],
  [/^limit is for the reports (.*)$/s, ([reports]) => `僅適用於報表 ${reports}`],
  [/^effects is for the report late$/, () => '僅適用於報表 late'],
  [/^\S+ must be given: .*$/, () => '必填'],
  [/^one of (.*) must be given: .*$/s, ([names]) => `請至少提供其中一項：${names}`],
]

const wantedSentences: readonly Sentence[] = [
  [/^text of 1 to (\d+) characters$/, ([most], tell) => ` 1 至 ${number(most, tell)} 個字元的文字`],
  [/^text without NUL characters$/, () => '不含 NUL 字元的文字'],
  [/^text without control characters$/, () => '不含控制字元的文字'],
  [/^a product id: 1 to (\d+) of .*$/s, ([most]) => ` 1 至 ${most} 個 a-z、0-9、- 或 _，且以字母或數字開頭`],
  [/^a UUID, as X-Request-Id has it$/, () => ' UUID，如 X-Request-Id 所示'],
  [
    /^a whole number from (-?\d+) to (\d+)$/,
    ([least, most], tell) => ` ${number(least, tell)} 至 ${number(most, tell)} 的整數`,
  ],
  [/^one of (.*)$/s, ([values]) => `下列其中之一：${values}`],
  [/^a list of (.*)$/s, ([values]) => `由下列項目組成的清單：${values}`],
  [/^true or false$/, () => ' true 或 false'],
  [/^an ISO 8601 time .*$/s, () => '時間：ISO 8601（2026-01-31T12:00:00Z）、Unix 秒或毫秒，或一段時間（15m、24h、7d）'],
  [/^a time in the future$/, () => '未來的時間'],
  [/^a length of time such as 24h or 7d$/, () => '一段時間，例如 24h 或 7d'],
  [/^a day such as (\S+)$/, ([day]) => `日期，例如 ${day}`],
  [/^a time zone such as (\S+)$/, ([zone]) => `時區，例如 ${zone}`],
  [
    /^an object whose names and values are texts of 1 to (\d+) characters$/,
    ([most], tell) => `物件，其名稱與值皆為 1 至 ${number(most, tell)} 個字元的文字`,
  ],
  [/^SEQ:HASH of an entry, as an earlier answer gave them$/, () => '先前回應中某筆紀錄的 SEQ:HASH'],
  [/^what an earlier (?:page gave as next|answer to the same question gave)$/, () => '先前回應所提供的值'],
  [/^1 to (\d+) printable ASCII characters$/, ([most]) => ` 1 至 ${most} 個可見的 ASCII 字元`],
  [/^1 to (\d+) printable ASCII characters without spaces$/, ([most]) => ` 1 至 ${most} 個不含空格的可見 ASCII 字元`],
  [/^a whole path on the server's machine, such as (\S+)$/, ([path]) => `伺服器上的完整路徑，例如 ${path}`],
  [/^absent(?:, as a rates file has no such field)?$/, () => '不存在的欄位'],
  [/^a month such as "(\S+)"$/, ([month]) => `月份，例如 ${month}`],
  [/^a time such as "(\S+)"$/, ([time]) => `時間，例如 ${time}`],
  [/^"USD"$/, () => ' USD'],
  [/^a list of 1 to (\d+) rates$/, ([most], tell) => ` 1 至 ${number(most, tell)} 個匯率的清單`],
  [/^an object$/, () => '物件'],
  [/^the code of a currency, such as "(\S+)"$/, ([code]) => `貨幣代碼，例如 ${code}`],
  [/^there once$/, () => '不重複的貨幣'],
  [
    /^a number above 0 with at most (\d+) digits before the point and (\d+) after$/,
    ([before, after]) => `大於 0 的數字，小數點前最多 ${before} 位、後最多 ${after} 位`,
  ],
  [/^1 for USD$/, () => ' 1（USD）'],
]
