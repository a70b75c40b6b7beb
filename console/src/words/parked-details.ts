// What the pipeline says of a thing that it parked, in Traditional Chinese; in English it is what it wrote. What an engine or a
// library said is told by the reason alone, with their own sentence beside it. A test parks things of every reason.

import type { Tell } from './violations.ts'

/** null where the reason alone can be told. */
export function parkedInChinese(detail: string, tell: Tell): string | null {
  const isReplaced = detail.endsWith(replaced)
  const said = isReplaced ? detail.slice(0, -replaced.length) : detail
  const told = sentenceOf(said, tell)
  return told && `${told}${isReplaced ? '（不是 UTF-8 的位元組已被取代）' : ''}`
}

const replaced = ' (bytes that are not UTF-8 were replaced)'

function sentenceOf(said: string, tell: Tell): string | null {
  if (Object.hasOwn(whole, said)) return whole[said] as string
  const number = (digits: string | undefined) => tell.number(Number(digits))
  const [, held, accepted] = /^(\d+) events, (\d+) were accepted$/.exec(said) ?? []
  if (held !== undefined) return `請求體中有 ${number(held)} 筆事件，接受時為 ${number(accepted)} 筆。`
  const [, kind] = /^kind (.*)$/s.exec(said) ?? []
  if (kind !== undefined) return `紀錄種類：${kind}`
  const [, fault = '', at] = /^the body is not events: (\w+) at character (\d+)$/.exec(said) ?? []
  if (at !== undefined) return `請求體不是事件：第 ${number(at)} 個字元${faults[fault] ?? `（${fault}）`}。`
  const [, from, to, reason = ''] = /^offsets (\d+) to (\d+): (.*)$/s.exec(said) ?? []
  return from === undefined ? null : `位置 ${number(from)} 至 ${number(to)}：${gapOf(reason)}。`
}

const whole: Record<string, string> = {
  'The warehouse refuses the event.': '資料倉儲拒絕此事件。',
  'the body is not valid UTF-8': '請求體不是有效的 UTF-8。',
  'the event is not JSON': '事件不是 JSON。',
  'Cannot normalise an event because event_name must be a text': '事件無法正規化：event_name 必須是文字。',
  'Cannot normalise an event because timestamp must be a Unix time': '事件無法正規化：timestamp 必須是 Unix 時間戳。',
}

const faults: Record<string, string> = {
  empty: '起沒有內容',
  other: '不是該端點接受的形式',
  count: '起超過一個批次可容納的事件數',
  unfinished: '處尚未完整就結束',
  syntax: '處不是 JSON',
}

/** Why a stretch of the log is not there. */
function gapOf(reason: string): string {
  const suffix = '; how many events is not known, because nothing is left before it'
  const isUnknown = reason.endsWith(suffix)
  const said = isUnknown ? reason.slice(0, -suffix.length) : reason
  const [, lane] = /^messages of lane (\d+) are not in the stream any more$/.exec(said) ?? []
  const told = lane === undefined ? (gaps[said] ?? said) : `通道 ${lane} 的訊息已不在串流中`
  return isUnknown ? `${told}；之前沒有保留資料，因此不知道有多少事件` : told
}

const gaps: Record<string, string> = {
  'its segment is not kept any more, or missing': '日誌區段已不再保留，或已遺失',
  'the numbers of a commit do not fit their checksum': '提交的數字與校驗碼不符',
  'the bytes of a commit do not fit their checksum': '提交的位元組與校驗碼不符',
  'commits are missing': '缺少部分提交',
  'commits are missing at the end of a segment': '日誌區段結尾缺少部分提交',
}
