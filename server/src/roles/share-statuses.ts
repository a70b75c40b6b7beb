// How several shares of the log stand, told as one: what is counted is added up, of times the longest counts, and what holds
// one back holds back the whole.

import type { PipelineStatus } from '../pipeline/pipeline.ts'
import type { ReprocessStatus } from '../pipeline/reprocess.ts'
import { added } from './added.ts'
import type { PipelineShareStatus } from './pipeline-share.ts'

type State = PipelineStatus['state']

/** The worst first. */
const states: State[] = ['failed', 'closed', 'waiting', 'rebuilding', 'running']

/** `statuses`: at least one. */
export function statusOfAll(statuses: readonly PipelineShareStatus[]): PipelineShareStatus {
  const [first] = statuses
  if (first === undefined || statuses.length === 1) return first as PipelineShareStatus
  const pipelines = statuses.map(status => status.pipeline)
  const sum = statuses.reduce((total, status) => added(total, status) as PipelineShareStatus)
  const longest = (of: (status: PipelineShareStatus['pipeline']) => number) => Math.max(...pipelines.map(of))
  const lagSeconds = longest(status => status.lagSeconds)
  const { books } = sum.pipeline
  return {
    ...sum,
    rollups: { ...sum.rollups, upToDateMs: earliest(statuses.map(status => status.rollups.upToDateMs)) },
    notReady: statuses.find(status => status.notReady !== null)?.notReady ?? null,
    pipeline: {
      ...sum.pipeline,
      state: states.find(state => pipelines.some(status => status.state === state)) ?? 'running',
      reason: pipelines.find(status => status.reason !== '')?.reason ?? '',
      lagSeconds,
      loadMsLast: longest(status => status.loadMsLast),
      loadSecondsLast: longest(status => status.loadSecondsLast),
      loadedAtMs: longest(status => status.loadedAtMs),
      books: books !== null && pipelines.every(status => status.books !== null) ? { ...books, lagSeconds } : null,
      reprocess: reprocessOfAll(pipelines.map(status => status.reprocess)),
    },
  }
}

/** One range is made anew in every share: it is done when all are. */
function reprocessOfAll(all: readonly PipelineStatus['reprocess'][]): PipelineStatus['reprocess'] {
  const known = all.filter(one => one !== 'unknown')
  if (known.length < all.length) return 'unknown'
  const asked = known.filter(one => one !== null)
  const [first] = asked
  if (first === undefined) return null
  const lastMs = Math.max(...asked.map(one => one.startedMs))
  const state = (['building', 'failed', 'swapped'] as const).find(wanted => asked.some(one => one.state === wanted))
  const sum = (of: (one: ReprocessStatus) => number) => asked.reduce((total, one) => total + of(one), 0)
  const endedMs = asked.every(one => one.endedMs !== null) ? Math.max(...asked.map(one => one.endedMs ?? 0)) : null
  return {
    ...first,
    state: state ?? first.state,
    startedMs: lastMs,
    endedMs,
    events: sum(one => one.events),
    done: sum(one => one.done),
    changed: sum(one => one.changed),
    problem: asked.find(one => one.problem !== '')?.problem ?? '',
  }
}

/** null where one is not known. */
function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter(time => time !== null)
  return known.length < times.length ? null : Math.min(...known)
}
