// What the audit log says, in both languages: it is fetched with its page.

import { type Language, useSpeech } from './language.tsx'

const en = {
  title: 'Audit log',
  hint: 'Who did what, and what was refused. Each entry carries the hash of the one before: none can be changed or taken out unnoticed.',
  kinds: { title: 'Which', acts: 'Done', attempts: 'Turned away' },
  act: 'Only',
  anyAct: 'everything',
  none: 'Nothing of this kind is recorded.',
  noneTurnedAway: 'Nobody was turned away.',
  columns: { time: 'When', who: 'Who', what: 'What', target: 'On', more: 'Details' },
  ways: { token: 'by token', session: 'in the console', local: 'on the server' } as Record<string, string>,
  unnamed: '(no name given)',
  outcomes: { begun: 'No end recorded', done: 'Done', refused: 'Refused', failed: 'Failed' },
  older: 'Older',
  newest: 'Newest',
  check: 'Check that it is whole',
  whole: (entries: string) => `It is whole: each of ${entries} entries is as it was written.`,
  broken: (problem: string) => `It is not whole: ${problem}`,
  acts: {
    'product.create': 'Made a product',
    'product.update': 'Changed how long events are kept',
    'key.create': 'Made a key',
    'key.update': 'Changed a key',
    'key.revoke': 'Revoked a key',
    'user.erase': 'Erased a user',
    'conflict.resolve': 'Resolved a conflict',
    'backup.start': 'Began a backup',
    'backup.check': 'Began to check a backup',
    restore: 'Restored from a backup',
    'rates.import': 'Imported exchange rates',
    'reprocess.start': 'Began to process again',
    'replay.send': 'Sent a request again',
    'try.send': 'Tried a request for real',
    'session.open': 'Signed in',
    'session.close': 'Signed out',
    'session.end': 'Ended a session',
    'viewer.create': 'Made a viewer',
    'viewer.remove': 'Removed a viewer',
    'admin-token.make': 'Made the admin token',
    'audit.trim': 'Let go of the oldest entries',
    'admin.attempt': 'Attempt that was turned away',
  } as Record<string, string>,
}

type AuditWords = typeof en

const zhHant: AuditWords = {
  title: '稽核紀錄',
  hint: '誰做了什麼，以及哪些操作遭拒。每一筆都帶有前一筆的雜湊值，任何更改或刪除都會被發現。',
  kinds: { title: '類別', acts: '操作', attempts: '遭拒的嘗試' },
  act: '只顯示',
  anyAct: '全部',
  none: '沒有此類紀錄。',
  noneTurnedAway: '沒有遭拒的嘗試。',
  columns: { time: '時間', who: '操作者', what: '操作', target: '對象', more: '內容' },
  ways: { token: '使用權杖', session: '在控制台', local: '在伺服器上' },
  unnamed: '（未提供姓名）',
  outcomes: { begun: '未記錄結果', done: '完成', refused: '遭拒', failed: '失敗' },
  older: '較舊',
  newest: '最新',
  check: '檢查是否完整',
  whole: entries => `完整：${entries} 筆紀錄皆與寫入時相同。`,
  broken: problem => `不完整：${problem}`,
  acts: {
    'product.create': '建立產品',
    'product.update': '變更事件保留期間',
    'key.create': '建立金鑰',
    'key.update': '變更金鑰',
    'key.revoke': '撤銷金鑰',
    'user.erase': '刪除用戶資料',
    'conflict.resolve': '處理衝突',
    'backup.start': '開始備份',
    'backup.check': '開始檢查備份',
    restore: '由備份還原',
    'rates.import': '匯入匯率',
    'reprocess.start': '開始重新處理',
    'replay.send': '重新傳送請求',
    'try.send': '正式傳送試用請求',
    'session.open': '登入',
    'session.close': '登出',
    'session.end': '結束工作階段',
    'viewer.create': '建立檢視者',
    'viewer.remove': '移除檢視者',
    'admin-token.make': '建立管理員權杖',
    'audit.trim': '移除最舊的紀錄',
    'admin.attempt': '遭拒的嘗試',
  },
}

export function useAuditWords(): AuditWords {
  return bothOf[useSpeech().language]
}

const bothOf: Record<Language, AuditWords> = { en, 'zh-Hant': zhHant }
