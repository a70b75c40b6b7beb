// How long the console's first page takes in a real browser, with many events stored: from opening its address, by somebody who is
// signed in, until every figure of the overview is shown and a key that is pressed is answered; with an empty cache, and again
// with what that left in it. By turns with a bare page that asks nothing.

import { join } from 'node:path'
import { generate } from '../load/load.ts'
import { startNode } from '../rig/child.ts'
import { makePlace, removePlace, root } from '../rig/place.ts'
import { product, type Server, startServer } from '../rig/server.ts'
import { percentile } from '../rig/statistics.ts'
import { openChromium, signedIn, type Visit, visitTwice } from '../rig/visits.ts'
import { chromiumProgram, needsChromium } from '../../test/browser/chromium.ts'
import { compare, type Figure, type Line, type Run } from './figure.ts'
import { batchEvents } from './highest-rate.ts'
import { loadOne, rebuildMsMax, storeEvents } from './stored-events.ts'
import { watchDrain } from './watching.ts'

const interactiveSecondsMax = 1
/** Those of today, so that the page has figures to show. */
const recentBatches = { smoke: 2, canonical: 50, full: 50 }

type Turns = { ours: Visit[]; bare: Visit[] }

export const firstPage: Figure = {
  name: 'first-page',
  sizes: ['smoke', 'full'],
  title: 'The first page of the console with many events stored, in a browser',
  missing: () => (chromiumProgram === null ? needsChromium : null),
  diskBytes: sizes => sizes.firstPageEvents * 400 + 2e9,
  async measure(run) {
    const place = run.keep ?? makePlace()
    try {
      const events = run.sizes.firstPageEvents
      const dataDir = events === 0 ? join(place, 'data') : await storeEvents(place, events)
      const server = await startServer({ dataDir, role: 'all', core: null, readyWithinMs: rebuildMsMax })
      try {
        await sendRecent(server, recentBatches[run.sizes.name])
        return await openByTurns(run, server)
      } finally {
        await server.stop()
      }
    } finally {
      if (run.keep === null) removePlace(place)
    }
  },
}

async function sendRecent(server: Server, batches: number): Promise<void> {
  const { port, apiKey } = server
  const loop = { kind: 'closed' } as const
  const job = { port, apiKey, events: batchEvents, connections: 2, warmSeconds: 0, seconds: 60, loop }
  await generate({ ...job, requestsMax: batches }, null)
  await watchDrain(server)
  await loadOne(server)
}

async function openByTurns(run: Run, server: Server): Promise<{ lines: Line[]; notes: string[] }> {
  const bare = startNode(join(root, 'bench/baselines/bare-page.ts'), [], null)
  const browser = await openChromium()
  try {
    const bareUrl = `http://127.0.0.1:${await bare.firstLine()}/`
    const kept = await signedIn(browser, `${server.adminUrl}/#/${product}/overview`, server.adminToken)
    const cold: Turns = { ours: [], bare: [] }
    const warm: Turns = { ours: [], bare: [] }
    for (let turn = 0; turn < run.sizes.firstPageVisits; turn++) {
      const theirs = await visitTwice(browser, bareUrl)
      const ours = await visitTwice(browser, `${server.adminUrl}/`, kept)
      cold.ours.push(ours.cold)
      cold.bare.push(theirs.cold)
      warm.ours.push(ours.warm)
      warm.bare.push(theirs.warm)
      run.say(`cold ${tell(ours.cold)}; warm ${tell(ours.warm)}; bare ${tell(theirs.cold)}`)
    }
    const events = run.sizes.firstPageEvents.toLocaleString('en')
    return {
      lines: [...linesOf(cold, 'empty cache', events), ...linesOf(warm, 'warm cache', events)],
      notes: [
        `Each was opened ${run.sizes.firstPageVisits} times in a fresh profile, the server and the browser at rest.`,
        bytesSentence('With an empty cache', cold.ours),
        bytesSentence('With a warm one', warm.ours),
      ],
    }
  } finally {
    await browser.close()
    await bare.end()
  }
}

function linesOf({ ours, bare }: Turns, cache: string, events: string): Line[] {
  const secondsAt = (visits: Visit[], name: 'paintMs' | 'shownMs' | 'interactiveMs', fraction: number) =>
    percentile(
      visits.map(visit => visit[name] / 1000),
      fraction,
    )
  const line = (told: string, name: 'paintMs' | 'shownMs' | 'interactiveMs', fraction: number) =>
    compare({
      what: `first page, ${cache}, ${told}, ${events} events`,
      unit: 's',
      ours: [secondsAt(ours, name, fraction)],
      baseline: [secondsAt(bare, name, fraction)],
      baselineWhat: 'a bare page',
      target: null,
    })
  const judged = line('interactive, p95', 'interactiveMs', 0.95)
  return [
    line('first paint, p50', 'paintMs', 0.5),
    line('interactive, p50', 'interactiveMs', 0.5),
    {
      ...judged,
      target: { kind: 'at most', value: interactiveSecondsMax, unit: 's' },
      reached: judged.ours <= interactiveSecondsMax,
    },
  ]
}

const tell = ({ paintMs, shownMs, interactiveMs }: Visit) =>
  `${[paintMs, shownMs, interactiveMs].map(ms => ms.toFixed(0)).join(' ')} ms`

/** Of the visit in the middle. */
function bytesSentence(when: string, visits: Visit[]): string {
  const totalOf = ({ bytes }: Visit) => Object.values(bytes).reduce((sum, each) => sum + each, 0)
  const visit = visits.toSorted((a, b) => totalOf(a) - totalOf(b))[visits.length >> 1]!
  const parts = Object.entries(visit.bytes).map(([kind, bytes]) => `${kind} ${(bytes / 1000).toFixed(1)}`)
  return `${when} ${visit.requests} requests and ${(totalOf(visit) / 1000).toFixed(1)} kB on the wire: ${parts.join(', ')} kB.`
}
