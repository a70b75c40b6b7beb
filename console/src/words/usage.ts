// What is said of how much of its limit a key uses, in each language. The server tells its verdict in English; both languages
// make their sentences from the numbers here.

import type { Usage } from '../usage.ts'
import type { Tell } from './language.tsx'

export const english = {
  title: (name: string) => `Usage of ${name}`,
  ofKey: (mode: string, ends: string | null) => `${mode}, ${ends === null ? 'never expires' : `expires ${ends}`}`,
  open: 'Usage',
  column: 'Limit, and its use in 24 h',
  aMinute: (limit: string) => `${limit} a minute`,
  none: 'not used',
  inLastMinute: (now: string) => `${now} in the last minute`,
  peakOf: (share: string) => `peak ${share}`,
  refusedShort: (count: string) => `${count} refused`,
  window: 'Time',
  windows: { '1h': '1 hour', '24h': '24 hours', '7d': '7 days' },
  figures: {
    now: 'Last minute',
    peak: 'Peak',
    asked: 'Busiest minute',
    refused: 'Over the limit',
    rejected: 'Wrong content',
    events: 'Events accepted',
  },
  ofLimit: (limit: string) => `of ${limit} requests`,
  at: (time: string) => `at ${time}`,
  ofRequests: (share: string) => `${share} of all requests`,
  requests: (count: string) => `in ${count} requests`,
  askedHint: 'requests asked for',
  refusedHint: 'refused, though under the limit',
  chart: 'Requests a minute against the limit',
  chartHint: 'The most that a rolling minute held, in each stretch of the time.',
  series: { peak: 'Peak', full: 'Peak, requests were refused', limit: 'Limit' },
  events: 'Events accepted',
  refusals: 'Requests refused',
  refused: { over: 'Over the limit', wrong: 'For their content' },
  empty: 'No request came with this key in this time',
  emptyText: 'Usage is kept for eight days. A request shows here within ten seconds.',
  newLimit: 'Requests a minute',
  suggestion: (limit: string) => `${limit} would do: a quarter more than was asked for.`,
  change: 'Change the limit',
  changed: (name: string, limit: string) => `${name} may send ${limit} requests a minute from now on.`,
  said({ peak, over_limit: over, asked_max: asked, suggested_rate_limit: enough }: Usage, tell: Tell): string {
    if (peak === null) return 'No request came with this key.'
    const peaked = `Peaked at ${tell.share(peak.share)} of the limit at ${tell.moment(peak.at)}`
    if (over === 0) return `${peaked}; no request was refused for it.`
    const wanted = enough === null ? 'The limit is high enough by now.' : `A limit of ${tell.number(enough)} would do.`
    return `Refused ${tell.number(over)} requests: up to ${tell.number(asked)} a minute were asked for. ${wanted}`
  },
}

export const chinese: typeof english = {
  title: name => `「${name}」的用量`,
  ofKey: (mode, ends) => `${mode}，${ends === null ? '永不到期' : `${ends} 到期`}`,
  open: '用量',
  column: '速率限制與用量（24 小時）',
  aMinute: limit => `每分鐘 ${limit} 次`,
  none: '未使用',
  inLastMinute: now => `最近一分鐘 ${now} 次`,
  peakOf: share => `尖峰 ${share}`,
  refusedShort: count => `拒絕 ${count} 次`,
  window: '期間',
  windows: { '1h': '1 小時', '24h': '24 小時', '7d': '7 天' },
  figures: {
    now: '最近一分鐘',
    peak: '尖峰',
    asked: '最忙的一分鐘',
    refused: '超出速率限制',
    rejected: '內容有誤',
    events: '已接受事件',
  },
  ofLimit: limit => `上限 ${limit} 次請求`,
  at: time => `於 ${time}`,
  ofRequests: share => `占所有請求的 ${share}`,
  requests: count => `共 ${count} 次請求`,
  askedHint: '次請求（含遭拒）',
  refusedHint: '未超出上限，但遭拒絕',
  chart: '每分鐘請求數與上限',
  chartHint: '各時段內任一連續 60 秒的最大請求數。',
  series: { peak: '尖峰', full: '尖峰（有請求遭拒）', limit: '上限' },
  events: '已接受事件',
  refusals: '遭拒請求',
  refused: { over: '超出速率限制', wrong: '內容有誤' },
  empty: '此期間沒有請求使用此金鑰',
  emptyText: '用量保留八天，請求於十秒內顯示於此。',
  newLimit: '每分鐘請求數',
  suggestion: limit => `建議 ${limit}：比實際需求多四分之一。`,
  change: '變更上限',
  changed: (name, limit) => `「${name}」自現在起每分鐘可傳送 ${limit} 次請求。`,
  said({ peak, over_limit: over, asked_max: asked, suggested_rate_limit: enough }, tell) {
    if (peak === null) return '沒有請求使用此金鑰。'
    const peaked = `尖峰為上限的 ${tell.share(peak.share)}（${tell.moment(peak.at)}）`
    if (over === 0) return `${peaked}，沒有請求因此遭拒。`
    const wanted = enough === null ? '目前的上限已足夠。' : `上限設為 ${tell.number(enough)} 即可。`
    return `拒絕 ${tell.number(over)} 次請求：每分鐘最多 ${tell.number(asked)} 次。${wanted}`
  },
}
