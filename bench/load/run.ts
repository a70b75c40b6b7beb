// One run of the load generator: raw sockets, requests built before the clock starts, a reply reader that knows as little
// of HTTP as it may. Closed loop asks how much the server can do; open loop asks how long a partner waits who does not
// know how busy the server is. Bounded by time and by requests.

import { Connection } from './connection.ts'
import { runTag, stampEvents } from './events.ts'
import type { Job, Open, Outcome } from './job.ts'
import { buildRequest, type Request } from './request.ts'
import { nowUs, Tally } from './tally.ts'

/** Requests of open loop whose time has come and that wait for a connection; beyond it they are counted as unsent. */
const waitingMax = 100_000
/** Lost connections that are opened again; beyond it the run ends. */
const reopensMax = 1_000
/** How long the last replies are waited for. */
const drainSeconds = 10

/** Does the job; resolves when the last reply is there or given up. */
export async function run(job: Job): Promise<Outcome> {
  const requests = buildRequests(job)
  const connections: Connection[] = []
  const free: Connection[] = []
  const tally = new Tally(job)
  let nextTransaction = 0
  let reopens = 0
  let sent = 0
  let onFree: (connection: Connection) => void = () => {}

  for (let i = 0; i < job.connections; i++) {
    const connection = new Connection({ host: '127.0.0.1', port: job.port }, answered)
    connection.number = i
    await connection.open()
    connections.push(connection)
  }

  function answered(connection: Connection, status: number): void {
    tally.answered(connection.startedUs, status)
    if (connection.isOpen) onFree(connection)
    else reopen(connection)
  }

  function reopen(connection: Connection): void {
    if (reopens++ < reopensMax) connection.open().then(() => onFree(connection), tally.lost)
  }

  function send(connection: Connection, startedUs: number): void {
    const ring = requests[connection.number] as Request[]
    const request = ring[sent % ring.length] as Request
    sent += 1
    nextTransaction = stampEvents(request.bytes, request.bodyAt, request.text, nextTransaction)
    connection.startedUs = startedUs
    connection.send(request.bytes)
  }

  tally.start()
  const done = () => tally.isOver() || sent >= job.requestsMax || reopens >= reopensMax
  if (job.loop.kind === 'closed') {
    onFree = connection => {
      if (!done()) send(connection, nowUs())
    }
    for (const connection of connections) onFree(connection)
    await until(done, 20)
  } else {
    onFree = connection => free.push(connection)
    free.push(...connections)
    const nextFree = () => {
      for (;;) {
        const connection = free.pop()
        if (connection === undefined || connection.isOpen) return connection
        // The server has closed it while it was idle.
        reopen(connection)
      }
    }
    await sendOnTime(job.loop, done, nextFree, send, tally)
  }
  tally.stop()
  onFree = () => {}
  const lastMs = performance.now() + drainSeconds * 1000
  await until(() => connections.every(connection => !connection.busy) || performance.now() > lastMs, 5)
  for (const connection of connections) {
    if (connection.busy) tally.answered(connection.startedUs, 0)
    connection.close()
  }
  return tally.outcome()
}

/** Sends each request at its intended time or, when all connections are busy, as soon after it as one is free. */
async function sendOnTime(
  loop: Open,
  done: () => boolean,
  nextFree: () => Connection | undefined,
  send: (connection: Connection, startedUs: number) => void,
  tally: Tally,
): Promise<void> {
  const meanGapUs = 1e6 / loop.requestsPerSecond
  // Partners do not know of each other: gaps are exponential (Poisson arrivals), as many independent senders make them.
  const nextGap = () => -Math.log(1 - Math.random()) * meanGapUs
  let dueUs = nowUs() + nextGap()
  for (let over = false; !over; ) {
    over = done()
    const now = Math.min(nowUs(), tally.endUs)
    while (dueUs <= now) {
      const connection = nextFree()
      if (connection === undefined) break
      send(connection, dueUs)
      dueUs += nextGap()
    }
    // What is due when the time is up and found no connection was never sent.
    const oldestUs = tally.isOver() ? now : now - waitingMax * meanGapUs
    for (; dueUs < oldestUs; dueUs += nextGap()) tally.unsent(dueUs)
    if (loop.pace === 'spin') await immediate()
    else await until(() => true, 1)
  }
}

/** A ring of requests for each connection, so that the bytes of a request under way are never touched. */
function buildRequests(job: Job): Request[][] {
  const tag = runTag()
  const ringLength = job.events === 1 ? 8 : 1
  return Array.from({ length: job.connections }, (_, connection) =>
    Array.from({ length: ringLength }, (_, i) => buildRequest(job, tag, connection * ringLength + i)),
  )
}

function immediate(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** Looks every `everyMs`, first after one pause. */
async function until(condition: () => boolean, everyMs: number): Promise<void> {
  do await new Promise(resolve => setTimeout(resolve, everyMs))
  while (!condition())
}
