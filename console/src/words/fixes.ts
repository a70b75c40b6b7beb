// What a sender's code is to be changed to, by cause, in each language. What a snippet says itself, in its comments, is English.

import type { Note } from '../fixes.ts'

type Values = { field: string; event: string; key: string; limit: string }

export const english = {
  title: 'What to change in the sender',
  hint: 'With the address of this server and the names of this product. The lines that matter are marked.',
  keyHint: 'The key is never shown: put it where it says YOUR_API_KEY.',
  environmentHint: 'The key is never shown: it is read from DATAPULSE_API_KEY.',
  language: 'Language of the snippet',
  notes: {
    example: () => 'One event that is taken: send it, and look here again.',
    key: ({ key }) =>
      `Keep the key outside the code, so that changing it needs no new version: put the key ${key} into DATAPULSE_API_KEY and start the sender again. The program refuses any other key.`,
    keyCut: ({ key }) =>
      `Copy the key ${key} again, whole, into DATAPULSE_API_KEY: it has 48 characters. The program refuses one that was cut off.`,
    limit: ({ limit }) =>
      `Send batches, which count as one request each; after 429 wait as Retry-After says; and leave a pause between requests${limit === '' ? '' : `, since this key may send ${limit} a minute`}.`,
    missing: ({ field, event }) => `Every ${event} must have ${field}.`,
    wrong: ({ field, event }) => `Send ${field} of ${event} in this form.`,
    request: ({ event }) =>
      `Have a JSON library write the body, send it as application/json, and no more than 5,000 events and 8 MiB at once. A right ${event}:`,
    again: () =>
      'An answer of 500 passes: wait as Retry-After says, then send the same events again, with the same ids. They count once.',
    once: ({ field }) =>
      `Stop at 200: what was answered so is on the disk. Whatever is sent again has the same ${field}, so that it counts once.`,
    oneId: ({ field }) =>
      `One ${field} is one transaction, with the amount, currency and user that are final. A correction is an event of its own, with an id of its own.`,
    click: ({ event }) => `Keep the click_id of the page on which a user lands, and send it with ${event}.`,
    agent: ({ event }) => `Pass on the User-Agent header of the user’s own request with ${event}.`,
    soon: () => 'Take the time when the event happens, and send within seconds, some events together.',
    clock: () =>
      'Take the time from a clock that NTP keeps right, as Unix seconds or milliseconds. Both count in UTC: never add a time zone, never mix both units.',
    name: ({ event }) => `Names are exact: send ${event}, in small letters and without anything more.`,
    parent: () => 'Send the transaction_id of the bet as parent_transaction_id of every win and loss.',
    result: () => 'Tell how a bet ended: here in the bet itself, or else by a win or loss that names it.',
    oneWay: () => 'Settle in one way only: with the result in the bet, send no win and no loss for it.',
  } satisfies Record<Note, (values: Values) => string>,
}

export const chinese: typeof english = {
  title: '傳送程式應如何修改',
  hint: '已填入此伺服器的位址與產品的名稱，需要修改的行已標示。',
  keyHint: '範例不會顯示金鑰，請自行填入 YOUR_API_KEY 的位置。',
  environmentHint: '範例不會顯示金鑰，由環境變數 DATAPULSE_API_KEY 讀取。',
  language: '範例的程式語言',
  notes: {
    example: () => '這是一筆可被接受的事件：傳送後再回到此頁查看。',
    key: ({ key }) =>
      `請勿將金鑰寫在程式碼中，更換時即無需更新版本：將金鑰 ${key} 設定於 DATAPULSE_API_KEY 並重新啟動傳送程式。程式會拒絕其他金鑰。`,
    keyCut: ({ key }) => `請重新完整複製金鑰 ${key} 至 DATAPULSE_API_KEY：共 48 個字元。程式會拒絕不完整的金鑰。`,
    limit: ({ limit }) =>
      `請使用批次傳送（一個批次只計一次請求），收到 429 後依 Retry-After 等待，並在請求之間保留間隔${limit === '' ? '' : `（此金鑰每分鐘 ${limit} 次）`}。`,
    missing: ({ field, event }) => `每筆 ${event} 都必須包含 ${field}。`,
    wrong: ({ field, event }) => `請以此格式傳送 ${event} 的 ${field}。`,
    request: ({ event }) =>
      `請以 JSON 函式庫產生內容，使用 application/json 傳送，每次不超過 5,000 筆事件與 8 MiB。正確的 ${event}：`,
    again: () => '500 是暫時的：請依 Retry-After 等待，再以相同的識別碼傳送相同的事件，只會計算一次。',
    once: ({ field }) => `收到 200 即停止：事件已寫入磁碟。重新傳送時請使用相同的 ${field}，即只計算一次。`,
    oneId: ({ field }) => `一個 ${field} 只代表一筆交易，其金額、幣別與用戶不再變動。更正請以新的識別碼另行傳送事件。`,
    click: ({ event }) => `請保存用戶到達頁的 click_id，並隨 ${event} 傳送。`,
    agent: ({ event }) => `請將用戶請求中的 User-Agent 請求頭隨 ${event} 傳送。`,
    soon: () => '請於事件發生時記錄時間，並在數秒內批次傳送。',
    clock: () => '請使用以 NTP 校正的時鐘，以 Unix 秒或毫秒傳送。兩者皆以 UTC 計算：請勿加減時區，也勿混用兩種單位。',
    name: ({ event }) => `名稱必須完全相同：請傳送小寫的 ${event}，不含其他字元。`,
    parent: () => '請將投注的 transaction_id 作為每筆 win 與 loss 的 parent_transaction_id。',
    result: () => '請傳送投注的結果：可如下附於投注本身，或以指向該投注的 win 或 loss 傳送。',
    oneWay: () => '請只採用一種結算方式：結果已附於投注時，不再傳送該投注的 win 或 loss。',
  },
}
