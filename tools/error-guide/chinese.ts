// The guide to the errors in Traditional Chinese, as it is written in Taiwan. A test asks for a text of every code and rule.

import type { Language } from './error-guide.ts'

export const chinese: Language = {
  opening: `# 錯誤

所有錯誤都以 JSON 回傳，並說明哪裡有誤、怎樣才正確。被拒絕的請求，內容一律不會寫入。本頁逐一說明各項錯誤；回應的格式與完整對照表請見[參考文件](../../reference/errors.md)。`,
  glanceTitle: '## 該不該重送',
  glanceHead: ['回應', '是否以相同內容重送'],
  glance: [
    [
      '沒有回應、逾時、連線中斷',
      '要，並逐次拉長等待時間。事件可能已寫入，也可能沒有，但[只會計算一次](guarantees.md#只計算一次)',
    ],
    [
      '`408`、`429`、`500`，以及前端代理伺服器回傳的 `502` 至 `504`',
      '要，並逐次拉長等待時間，且不得短於 `Retry-After` 的要求',
    ],
    ['其他', '不要。請先修正請求或更換 Key，並在此期間保留事件'],
  ],
  codesTitle: '## 錯誤代碼',
  codesOpening: '`code` 表示錯誤的種類。',
  rulesTitle: '## 驗證規則',
  rulesOpening:
    '`VALIDATION_ERROR` 與 `INVALID_JSON` 會在 `violations` 列出每一項錯誤，並以 `rule` 表示違反了哪一項規則。以下範例都是完整的請求體，所附內容就是伺服器實際的回應。',
  fix: '修正方式',
  colon: '：',
  lookFor: '請檢查：',
  sent: '送出：',
  answered: '`violations` 中的回應：',
  right: '正確：',
  codes: {
    VALIDATION_ERROR: {
      meaning: '請求體是有效的 JSON，但內容有缺漏或錯誤；`violations` 會指出問題所在。',
      fix: '修正 `violations` 列出的項目後再送。以相同內容重送，只會得到相同的回應。',
      causes: [
        '查看 `violations`：每一項都有 `field`（欄位）與 `rule`（規則），各項[規則](#驗證規則)說明如下。',
        '明明有送卻顯示 `required`：欄位名稱的拼法不同（例如 `userAgent`、`clientUserId`），或其值為 `null` 或空字串。',
        '批次請求中，`index` 表示是第幾筆事件，從 0 起算。加上 [`?partial=1`](../../reference/events.md#keeping-the-good-events-of-a-batch) 可保留其他正確的事件。',
      ],
    },
    INVALID_JSON: {
      meaning: '請求體不是 JSON。',
      fix: '以 JSON 函式庫產生請求體，並確認完整送出。',
      causes: [
        '自行拼接請求體：最後一個欄位後面多了逗號、使用單引號、出現 `NaN`，或字串中含有換行。',
        '請求體被截斷或是空的：應該存放內容的變數沒有設定。',
      ],
    },
    BAD_REQUEST: {
      meaning: '請求不是有效的 HTTP、某個請求頭有誤，或請求體無法解壓縮。',
      fix: '檢查請求行與請求頭（`Content-Length` 以位元組計），並確認請求體確實採用 `Content-Encoding` 所指定的編碼。',
      causes: [
        '請求體沒有壓縮或壓縮了兩次，卻標示 `Content-Encoding: gzip`。',
        '`Content-Length` 以字元數計算；正確的單位是位元組。',
        '`Idempotency-Key` 超過 255 個字元，或含有可列印 ASCII 以外的字元。',
        '查詢處理結果或對帳資料時，日期不存在或參數名稱拼錯。',
      ],
    },
    UNAUTHORIZED: {
      meaning: '沒有 `X-API-Key` 請求頭，或 Key 不存在、已撤銷、已過期，或不具備這項操作所需的權限範圍。',
      fix: '在 `X-API-Key` 請求頭送出一組有效的 Key，且只送一次。系統不讀取 `Authorization`。發送事件的 Key 需要 `ingest` 權限，查詢處理結果與對帳的 Key 需要 `read` 權限。',
      causes: [
        '程式的執行環境（cron、systemd 或容器）裡沒有設定該環境變數。',
        '複製 Key 時夾帶了換行、空白或引號。',
        'Key 放在 `Authorization: Bearer` 裡；應該放在 `X-API-Key`。',
        'Key 屬於另一套系統，或已撤銷、已過期：營運人員可用 `npx --no datapulse diagnostics --product P` 查出是哪一種。',
        'Key 只能發送不能查詢，或只能查詢不能發送：`npx --no datapulse keys update KEY_ID --scope ingest,read`。',
      ],
    },
    NOT_FOUND: {
      meaning: '這個路徑不存在。',
      fix: '使用 `/v2/s2s/event` 或 `/v2/s2s/batch`。',
      causes: [
        '路徑寫錯，例如 `/v2/s2s/events` 或 `/v2/event`。',
        '前端的代理伺服器增加或移除了路徑前綴。',
        '查詢的處理結果屬於其他產品，或屬於另一種 Key（正式或測試）。',
      ],
    },
    METHOD_NOT_ALLOWED: {
      meaning: '路徑正確，但方法不正確。',
      fix: '使用 `Allow` 回應標頭列出的方法。',
      causes: [
        '遇到重新導向（例如從 `http` 導向 `https`）時，HTTP 函式庫把 `POST` 改成了 `GET`：請在設定中直接填寫最終網址。',
      ],
    },
    REQUEST_TIMEOUT: {
      meaning: '請求未能在時限內完整送達。',
      fix: '重送一次，並加快傳輸速度或縮小批次。',
      causes: ['`Content-Length` 大於實際送出的位元組數。', '線路太慢：減少每次發送的事件數，或壓縮請求體。'],
    },
    PAYLOAD_TOO_LARGE: {
      meaning: '請求體解壓縮後超過 8 MiB。',
      fix: '拆成較小的批次。',
      causes: ['單一批次的事件太多或太大。壓縮無濟於事，因為限制的是解壓縮後的大小。'],
    },
    UNSUPPORTED_MEDIA_TYPE: {
      meaning: '`Content-Type` 不是 UTF-8 的 `application/json`，或 `Content-Encoding` 不是 gzip、br、zstd 之一。',
      fix: '以 UTF-8 的 `application/json` 發送，可不壓縮，或以 gzip、br、zstd 壓縮。',
      causes: [
        "`curl -d` 若沒有加上 `-H 'Content-Type: application/json'`，會宣告送出的是表單。",
        '`Content-Type` 的 `charset` 不是 UTF-8。',
      ],
    },
    RATE_LIMITED: {
      meaning: '這組 Key 在最近 60 秒內的請求數已達上限。',
      fix: '依 `Retry-After` 的秒數等待後再送。改用批次，每個請求就能送出更多事件。',
      causes: [
        '每筆事件各發一個請求：請把一兩秒內的事件集中成[一個批次](send-from-your-language.md#事件量較大時)。',
        '多支程式共用一組 Key：請各自配發，並設定合適的上限（`npx --no datapulse keys update KEY_ID --rate-limit 600`）。',
        '每個回應的 `RateLimit` 都會說明還剩多少次請求，可據此調整發送速度，不必等到超出限制。',
      ],
    },
    HEADERS_TOO_LARGE: {
      meaning: '請求頭超過伺服器可讀取的大小。',
      fix: '減少請求頭的數量或長度。',
      causes: ['把其他系統的 cookie 或追蹤用請求頭一併轉送過來。'],
    },
    INTERNAL_ERROR: {
      meaning: '我們這一端發生錯誤。',
      fix: '重送，並逐次拉長等待時間。',
      causes: ['若持續發生，請將 `request_id` 提供給營運人員；伺服器日誌中，它與錯誤原因記錄在一起。'],
    },
    OVERLOADED: {
      meaning: '伺服器同時處理的請求體已達上限，或這組 Key 已達其可用的額度。',
      fix: '依 `Retry-After` 的秒數等待後再送。',
      causes: ['同時送出許多大型請求體：請改用較小的批次，依序發送。'],
    },
    STORAGE_UNAVAILABLE: {
      meaning: '事件無法寫入磁碟，因此一筆都沒有收下。',
      fix: '依 `Retry-After` 的秒數等待後再送。',
      causes: [
        '磁碟已滿，或事件日誌已用完額度。請保留事件並持續重試，不會有任何遺失。',
        '營運人員請見[處理方式](../../runbook.md#datapulselogrefusing)。',
      ],
    },
  },
  rules: {
    required: {
      meaning: '必填欄位不存在、為 `null`，或去除前後空白後是空字串。',
      fix: '補上該欄位。`message` 會說明哪些事件需要它。',
    },
    type: {
      meaning: '值的型別不符，且無法在不失真的情況下轉換。',
      fix: '依[事件](../../reference/events.md)所列的型別發送。數字可以用 JSON 寫法的字串表示，ID 可以是整數。',
    },
    format: {
      meaning: '文字的格式不符合該欄位的要求。',
      fix: '只送一個 IPv4 或 IPv6 位址，不含其他內容；必須是用戶的位址，而不是您伺服器的位址。',
    },
    range: {
      meaning: '數值超出該欄位可容納的範圍。',
      fix: '金額須介於 -1e20 與 1e20 之間；時間戳以秒或毫秒為單位；過長的 ID 請以字串發送。',
    },
    future: {
      meaning: '時間戳比伺服器的時間超前 48 小時以上。',
      fix: '檢查發送端主機的時鐘，以及時間單位是秒還是毫秒。',
    },
    length: {
      meaning: '文字長度超過該欄位的上限。',
      fix: '縮短文字。',
    },
    encoding: {
      meaning: '文字不是有效的 Unicode，或 ID 含有 NUL 字元。',
      fix: '以 UTF-8 發送。不要把字串從一個字元的中間截斷，ID 也不可含有 `\\u0000`。',
    },
    depth: {
      meaning: '事件的巢狀結構超過 16 層。',
      fix: '將自訂屬性攤平。',
    },
    properties: {
      meaning: '事件的自訂屬性超過 255 個。',
      fix: '把相關的屬性合併成一個物件，放在同一個自訂屬性裡。',
    },
    size: {
      meaning: '單一事件超過 64 KiB。',
      fix: '移除過大的自訂屬性。',
    },
    count: {
      meaning: '批次超過 5,000 筆事件。',
      fix: '拆成較小的批次。',
    },
    values: {
      meaning: '請求體所含的值超過 200,000 個。',
      fix: '拆成較小的批次。每個字串、數字、物件與陣列，不論在哪一層都計為一個值；以 5,000 筆事件來說，平均每筆可有 39 個屬性。',
    },
    empty: {
      meaning: '批次裡沒有任何事件。',
      fix: '沒有事件時不要發送批次。',
    },
    syntax: {
      meaning: '請求體不是 JSON。',
      fix: '以 JSON 函式庫產生請求體，並確認完整送出。`message` 會指出解析停在哪個位置。',
    },
    shape: {
      meaning: '請求體，或批次中的某個元素，不是該端點接受的形式。',
      fix: '`/v2/s2s/event` 送一個物件，`/v2/s2s/batch` 送物件的陣列。',
    },
  },
}
