// A question to the warehouse ends in time, even when the warehouse is frozen and its own limits do not apply.

import type { WebNeeds } from './needs.ts'
import { Refusal } from './problem.ts'

/** The same needs, whose questions end after `ms` with a Refusal. An answer that comes later is dropped. */
export function withDeadline(needs: WebNeeds, ms: number): WebNeeds {
  const inTime =
    <Question, Answer>(ask: (question: Question) => Promise<Answer>) =>
    async (question: Question): Promise<Answer> => {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(noAnswer(ms)), ms)
      })
      try {
        return await Promise.race([ask(question), late])
      } finally {
        clearTimeout(timer)
      }
    }
  return {
    accounts: needs.accounts,
    access: needs.access,
    audit: needs.audit,
    standing: () => needs.standing(),
    system: () => needs.system(),
    metrics: () => needs.metrics(),
    listEvents: inTime(question => needs.listEvents(question)),
    newEvents: inTime(question => needs.newEvents(question)),
    countEvents: inTime(question => needs.countEvents(question)),
    listDuplicates: inTime(question => needs.listDuplicates(question)),
    listParked: inTime(question => needs.listParked(question)),
    readReport: inTime(question => needs.readReport(question)),
    readFunnel: inTime(question => needs.readFunnel(question)),
    readLate: inTime(question => needs.readLate(question)),
    readLateEffects: inTime(question => needs.readLateEffects(question)),
    listRejections: inTime(question => needs.listRejections(question)),
    groupRejections: inTime(question => needs.groupRejections(question)),
    readRejection: inTime(request => needs.readRejection(request)),
    resolveConflict: inTime(wish => needs.resolveConflict(wish)),
    replay: inTime(wish => needs.replay(wish)),
    tryRequest: wish => needs.tryRequest(wish),
    startReprocess: inTime(range => needs.startReprocess(range)),
    readReprocess: inTime(question => needs.readReprocess(question)),
    startBackup: inTime(wish => needs.startBackup(wish)),
    checkBackup: inTime(wish => needs.checkBackup(wish)),
    listBackups: inTime(question => needs.listBackups(question)),
    readBackup: inTime(question => needs.readBackup(question)),
    importRates: inTime(file => needs.importRates(file)),
    listRates: inTime(question => needs.listRates(question)),
    readRates: inTime(month => needs.readRates(month)),
    receipts: inTime(question => needs.receipts(question)),
    countRejected: inTime(question => needs.countRejected(question)),
    readDiagnostics: inTime(question => needs.readDiagnostics(question)),
    readKeyUsage: inTime(question => needs.readKeyUsage(question)),
    listUnknownKeys: inTime(time => needs.listUnknownKeys(time)),
  }
}

function noAnswer(ms: number): Refusal {
  const message = `The warehouse did not answer within ${ms / 1_000} s; keys, products and status still work, and events go on being taken`
  return new Refusal('WAREHOUSE_AWAY', message, { headers: { 'retry-after': '5' } })
}
