// What was wrong with a request, in Traditional Chinese; in English it is what the API answered, to the letter. The sentence is made
// from the rule and from what the API's has besides words: fields, values, limits, places. A test asks the contract for every
// sentence that it makes. One that is not known, of an older version perhaps, is told by its rule alone.

import { type Rule, rules } from '@datapulse/contract/rules'

/** `rule` is null of a request as a whole. */
export type Said = { rule: string | null; message: string }

/** How numbers are told. */
export type Tell = { number(value: number): string }
/** Makes the sentence of what was captured. */
type Made = (captured: string[], tell: Tell) => string
type Sentence = [said: RegExp, made: Made]

/** `exact`: whether the sentence says all that the API's does. */
export type ToldViolation = { text: string; exact: boolean }

export function violationInChinese({ rule, message }: Said, tell: Tell): ToldViolation {
  const isKnown = rule !== null && Object.hasOwn(rules, rule)
  for (const [said, made] of isKnown ? [...chinese[rule as Rule], ...ofAll] : anyOf) {
    const found = said.exec(message)
    if (found !== null) return { text: made(found.slice(1), tell), exact: true }
  }
  return { text: isKnown ? general[rule as Rule] : message, exact: false }
}

/** What breaking a rule means; one that is not known, by its name. */
export function ruleInChinese(rule: string): string {
  return Object.hasOwn(general, rule) ? general[rule as Rule] : `${rule}。`
}

const number = (captured: string | undefined, tell: Tell) => tell.number(Number(captured))
const twin = '(?:: was "(.*)" meant to be it\\?)?$'

/** A field, what its value must be, and what came instead. */
const wrongValue: Sentence = [
  /^(\w+) must be (.+?): (got .*|this number is beyond|this number has a fraction)$/s,
  ([field = '', wanted = '', got = '']) => `${field} 必須${wantedWords[wanted] ?? wanted}：${gotWords(got)}。`,
]

const chinese: Record<Rule, Sentence[]> = {
  required: [
    [
      new RegExp(`^(\\w+) is required for a (\\w+)${twin}`, 's'),
      ([field, event, sent]) => `${event} 事件必須包含 ${field}${meant(sent)}`,
    ],
    [
      new RegExp(`^(\\w+) is required: only bet, win and loss may leave it out${twin}`, 's'),
      ([field, sent]) => `必須包含 ${field}，只有 bet、win 與 loss 可以省略${meant(sent)}`,
    ],
    [new RegExp(`^(\\w+) is required${twin}`, 's'), ([field, sent]) => `必須包含 ${field}${meant(sent)}`],
  ],
  type: [wrongValue],
  format: [wrongValue],
  range: [wrongValue],
  future: [
    [
      /^(\w+) must not be more than 48 hours ahead of the server: (got .*)$/s,
      ([field, got = '']) => `${field} 不得超前伺服器時間 48 小時以上：${gotWords(got)}。`,
    ],
  ],
  length: [
    [
      /^(\w+) must be at most (\d+) (characters|bytes): this one is longer$/,
      ([field, most, unit], tell) =>
        `${field} 最多 ${number(most, tell)} ${unit === 'bytes' ? '位元組' : '個字元'}，此值超過上限。`,
    ],
  ],
  encoding: [
    [/^(\w+) must not contain a NUL character \(\\u0000\)$/, ([field]) => `${field} 不得包含 NUL 字元（\\u0000）。`],
    [
      /^(.*) must be valid Unicode: it holds half of a surrogate pair \(\\ud800 to \\udfff\)$/s,
      ([field]) => `${field} 必須是有效的 Unicode：其中有不成對的代理字元（\\ud800 至 \\udfff）。`,
    ],
    [
      /^The body must be valid UTF-8: this one has bytes that are not$/,
      () => '請求體必須是有效的 UTF-8：其中有不屬於 UTF-8 的位元組。',
    ],
    [
      /^The body must be valid UTF-8: this one begins like (gzip|zstd); is Content-Encoding missing\?$/,
      ([format]) => `請求體必須是有效的 UTF-8：此請求體的開頭是 ${format}，是否缺少 Content-Encoding？`,
    ],
  ],
  depth: [
    [
      /^an event must be nested at most (\d+) levels deep: this one is deeper$/,
      ([most], tell) => `事件的巢狀結構最多 ${number(most, tell)} 層，此事件超過上限。`,
    ],
  ],
  properties: [
    [
      /^an event must have at most (\d+) custom properties: this one has (\d+)$/,
      ([most, has], tell) => `事件的自訂屬性最多 ${number(most, tell)} 個，此事件有 ${number(has, tell)} 個。`,
    ],
  ],
  size: [
    [
      /^an event must be at most (\d+) bytes: this one is larger$/,
      ([most], tell) => `一筆事件最多 ${number(most, tell)} 位元組，此事件超過上限。`,
    ],
  ],
  count: [
    [
      /^A batch must hold at most (\d+) events: this one has more$/,
      ([most], tell) => `一個批次最多 ${number(most, tell)} 筆事件，此批次超過上限。`,
    ],
  ],
  values: [
    [
      /^A body must hold at most (\d+) values: this one has (\d+)$/,
      ([most, has], tell) => `請求體最多 ${number(most, tell)} 個值，此請求體有 ${number(has, tell)} 個。`,
    ],
  ],
  empty: [[/^A batch must hold at least one event: this one is empty$/, () => '批次至少要有一筆事件，此批次是空的。']],
  syntax: [
    [/^The body is empty: it must be (.*)$/, ([wanted = '']) => `請求體是空的：必須是${bodyWords[wanted] ?? wanted}。`],
    [/^The body is not JSON: it ends before it is complete$/, () => '請求體不是 JSON：內容尚未完整就結束。'],
    [
      /^The body is not JSON: unexpected (".*") at character (\d+)$/s,
      ([character, at], tell) => `請求體不是 JSON：第 ${number(at, tell)} 個字元不應為 ${character}。`,
    ],
    [
      /^The body is not JSON: it must be (.*), and begins with (".*")$/s,
      ([wanted = '', character]) => `請求體不是 JSON：必須是${bodyWords[wanted] ?? wanted}，開頭卻是 ${character}。`,
    ],
    [
      /^The body is not JSON: (.*), at character (\d+)(?: of event (\d+))?$/s,
      ([reason = '', at, event], tell) =>
        `請求體不是 JSON：${event === undefined ? '' : `事件 ${number(event, tell)} 的`}第 ${number(at, tell)} 個字元，${syntaxWords(reason)}。`,
    ],
  ],
  shape: [
    [
      /^This endpoint takes one event, a JSON object: send an array of events to \/v2\/s2s\/batch$/,
      () => '此端點接受單筆事件（JSON 物件），事件陣列請傳送至 /v2/s2s/batch。',
    ],
    [
      /^This endpoint takes a JSON array of events: send the array itself, without an object around it$/,
      () => '此端點接受事件的 JSON 陣列：請直接傳送陣列，外層不要包物件。',
    ],
    [
      /^This endpoint takes a JSON array of events: send the array itself, with commas between the events, not one event to a line$/,
      () => '此端點接受事件的 JSON 陣列：請傳送陣列並以逗號分隔事件，而不是一行一筆。',
    ],
    [
      /^This endpoint takes a JSON array of events: send one event, an object, to \/v2\/s2s\/event$/,
      () => '此端點接受事件的 JSON 陣列，單筆事件（物件）請傳送至 /v2/s2s/event。',
    ],
    [
      /^The body must be (.+?): (got .*)$/s,
      ([wanted = '', got = '']) => `請求體必須是${bodyWords[wanted] ?? wanted}：${gotWords(got)}。`,
    ],
    [/^an event must be a JSON object: (got .*)$/s, ([got = '']) => `事件必須是 JSON 物件：${gotWords(got)}。`],
  ],
}

/** Of a request as a whole, and of what cannot be sent again. */
const ofAll: Sentence[] = [
  [
    /^The body must be at most (\d+) bytes after decompression: this one (?:has (\d+)|is larger)$/,
    ([most, has], tell) =>
      `請求體解壓縮後最多 ${number(most, tell)} 位元組，此請求體${has === undefined ? '超過上限' : `有 ${number(has, tell)} 位元組`}。`,
  ],
  [
    /^What was sent cannot be sent again, because bytes of it are not UTF-8/,
    () => '無法重新傳送：部分位元組不是 UTF-8，保留時已被取代，只有傳送方能重新傳送。',
  ],
  [
    /^What was sent cannot be sent again, because it cannot be taken apart\. (.*)$/s,
    ([message = ''], tell) => `無法重新傳送：內容無法拆解。${violationInChinese({ rule: null, message }, tell).text}`,
  ],
  [
    /^What was sent cannot be sent again, because it must be at most (\d+) events: got (\d+)$/,
    ([most, got], tell) => `無法重新傳送：最多 ${number(most, tell)} 筆事件，此處有 ${number(got, tell)} 筆。`,
  ],
  [
    /^What was sent cannot be sent again, because all of it was erased with its users$/,
    () => '無法重新傳送：全部內容已隨用戶刪除。',
  ],
  [/^What was sent cannot be sent again, because there is no event in it$/, () => '無法重新傳送：其中沒有事件。'],
  [/^Nothing is kept of this request$/, () => '此請求的內容已不再保留。'],
  [/^(\d+) fields are missing or wrong$/, ([count], tell) => `有 ${number(count, tell)} 個欄位缺漏或錯誤。`],
  [/^(\d+) violations$/, ([count], tell) => `有 ${number(count, tell)} 項錯誤。`],
  [/^(\d+) events of the batch were refused$/, ([count], tell) => `批次中有 ${number(count, tell)} 筆事件遭拒。`],
]

/** A request of one violation is told by that one's sentence, without its rule. */
const anyOf = [...Object.values(chinese).flat(), ...ofAll]

const wantedWords: Record<string, string> = {
  'Unix time in seconds (above 0, below 1e11) or milliseconds (1e11 to 1e14)':
    '是 Unix 時間戳，單位為秒（大於 0、小於 1e11）或毫秒（1e11 至 1e14）',
  'Unix time as a number, in seconds or milliseconds, such as 1702963200':
    '是以數字表示的 Unix 時間戳（秒或毫秒），例如 1702963200',
  'one IPv4 or IPv6 address and nothing else, such as 203.0.113.1':
    '是單一 IPv4 或 IPv6 地址，不含其他內容，例如 203.0.113.1',
  'between -1e20 and 1e20 (read as a double, at most 20 digits before the point)':
    '介於 -1e20 與 1e20 之間（以雙精度讀取，小數點前最多 20 位）',
  'a number, or a text that is one, such as 50.00': '是數字，或內容為數字的字串，例如 50.00',
  'true or false': '是 true 或 false',
  'a string, "win" or "loss"': '是字串 "win" 或 "loss"',
  'a string': '是字串',
  'a string, as an integer beyond 2^53 loses digits': '以字串傳送，因為超過 2^53 的整數會失去位數',
  'a string or an integer': '是字串或整數',
}

const bodyWords: Record<string, string> = {
  'one event, a JSON object': '單筆事件（JSON 物件）',
  'a JSON array of events': '事件的 JSON 陣列',
}

/** What was expected where a text stops being JSON. */
const expectedWords: Record<string, string> = {
  'nothing more': '結束',
  'a value': '值',
  'a comma or }': '逗號或 }',
  'a comma or ]': '逗號或 ]',
  'a key in double quotes': '以雙引號括住的鍵',
  'a colon': '冒號',
}

const stringFaults: Record<string, string> = {
  'a control character in a string must be escaped': '字串中的控制字元必須跳脫',
  'a backslash in a string must begin an escape such as \\n or \\u00e9':
    '字串中的反斜線必須是跳脫序列的開頭，例如 \\n 或 \\u00e9',
  'a string is not closed': '字串沒有結束',
}

/** For a sentence that is not known. */
const general: Record<Rule, string> = {
  required: '缺少必填欄位，或其值為 null 或空字串。',
  type: '值的類型不符，且無法在不失真的情況下轉換。',
  format: '文字的格式不符合該欄位的要求。',
  range: '數值超出該欄位可容納的範圍。',
  future: '時間戳超前伺服器時間 48 小時以上。',
  length: '文字長度超過該欄位的上限。',
  encoding: '文字不是有效的 Unicode，或識別碼含有 NUL 字元。',
  depth: '事件的巢狀結構過深。',
  properties: '事件的自訂屬性過多。',
  size: '事件過大。',
  count: '批次的事件過多。',
  values: '請求體的值過多。',
  empty: '批次裡沒有任何事件。',
  syntax: '請求體不是 JSON。',
  shape: '請求體，或批次中的某個元素，不是該端點接受的形式。',
}

function meant(sent: string | undefined): string {
  return sent === undefined ? '。' : `：傳送的 "${sent}" 是否就是它？`
}

function syntaxWords(reason: string): string {
  const [, expected = '', got = ''] = /^expected (.*), got (its end|".*")$/s.exec(reason) ?? []
  if (expected === '') return stringFaults[reason] ?? reason
  return `應為${expectedWords[expected] ?? expected}，${got === 'its end' ? '內容卻已結束' : `卻是 ${got}`}`
}

function gotWords(got: string): string {
  if (got === 'this number is beyond') return '此數字超出範圍'
  if (got === 'this number has a fraction') return '此數字帶有小數'
  const value = got.slice('got '.length)
  const [, characters] = /^a text of (\d+) characters$/.exec(value) ?? []
  return `收到 ${characters === undefined ? (valueWords[value] ?? value) : `${characters} 個字元的字串`}`
}

const valueWords: Record<string, string> = {
  'an array': '陣列',
  'an object': '物件',
  'a number beyond 1e308': '超過 1e308 的數字',
}
