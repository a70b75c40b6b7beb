// Every limit of the server that is not part of the wire contract (those are in contract/limits.ts), in one place.
// What happens when one is reached is said beside it. Where an operator may change one, config.ts names it.

export const limits = {
  // api: the door
  /** Bytes of bodies held at once, received and decompressed; beyond it 500 with Retry-After 1. */
  bodiesInFlightBytesMax: 128 * 1024 * 1024,
  /** Of these, what one key may hold; beyond it the same answer. */
  bodiesInFlightBytesPerKeyMax: 64 * 1024 * 1024,
  /** Header block; beyond it 431. */
  headerBytesMax: 16 * 1024,
  /** Time to send the whole header; beyond it 408. */
  headersTimeoutMs: 10_000,
  /** Time to send the whole request; beyond it 408. */
  requestTimeoutMs: 30_000,
  /** Idle time between requests of one connection; beyond it the connection is closed. */
  keepAliveTimeoutMs: 65_000,
  /** Open connections; beyond it new ones are closed at once. */
  connectionsMax: 20_000,
  /** 401s of one address in a minute; beyond it a 401 also closes the connection. */
  badKeysPerMinuteMax: 60,
  /** Addresses whose 401s are counted at once; beyond it the oldest is forgotten. */
  badKeyAddressesMax: 10_000,
  /** Unknown keys, by first characters and address, that are told apart in one hour; the rest are one entry. */
  unknownKeysPerHourMax: 200,
  /** Of these, of one address; its further ones are one entry, so that a guesser hides nobody else. */
  unknownKeysPerAddressMax: 20,
  /** They are kept so long, and then forgotten. */
  unknownKeysHoursMax: 192,
  /** Rejections are written down this often. */
  tallyIntervalMs: 1_000,
  /** A refused request's body is read and thrown away up to here before the reply; a larger one costs its connection. */
  discardBytesMax: 64 * 1024,
  /** After a reply that closes the connection: what is still read, so that a reset does not swallow the reply. */
  lingerBytesMax: 64 * 1024 * 1024,
  lingerMs: 5_000,
  /** The same after bytes that were no HTTP, or did not come in time: there is less to wait for. */
  lingerBrokenMs: 1_000,
  /** A client that reads nothing of its replies for so long is cut off. */
  stalledMs: 30_000,
  /** Bytes that are no HTTP, after the reply that says so; beyond it the connection is cut off. */
  faultsMax: 64,
  /** `close()` waits so long for requests in progress, then cuts them off. */
  closeMs: 10_000,
  /** Dry runs and other questions in progress, which another role answers; beyond it 500 with Retry-After 1. */
  askingMax: 16,
  /** Refused requests of one key that are kept with their bodies in a minute; beyond it they are only counted. */
  rejectionsPerMinuteMax: 60,
  rejectionBytesPerMinuteMax: 16 * 1024 * 1024,
  /** The same of all keys together. */
  rejectionBytesPerMinuteInAllMax: 64 * 1024 * 1024,
  /** The place where limits are shared must answer within that time; beyond it the process applies them by itself. */
  sharedLimitsMs: 250,
  /** `/readyz` waits so long for the later stages' answer. */
  readinessMs: 2_000,
  /** Last-used times are written down this often. */
  touchMs: 2_000,
  /** Products, keys and codes whose rejections are counted apart until they are written down; the rest is one product ''. */
  tallyEntriesMax: 10_000,
  /** How much a key is used is counted by slots of this length, which are written down this often while they last. */
  keyUsageSlotMs: 10_000,
  keyUsageReportMs: 5_000,
  /** Slots of keys that wait for being written down; beyond it the oldest are forgotten. */
  keyUsageWaitingMax: 20_000,
  /** Whole days before today of which it is kept. */
  keyUsageDaysMax: 8,
  /** Admissions of one minute on disk: some 25,000 lines a second; beyond it they are not written, which is logged. */
  windowFileBytesMax: 64 * 1024 * 1024,

  // accounts: all of them are held in memory by every process
  /** Where they are kept is away: what was known is used for so long; beyond it 500 with Retry-After. */
  accountsStaleMsMax: 60_000,
  /** Beyond it no more are made. */
  productsMax: 10_000,
  keysMax: 100_000,
  /** Removed ones included. */
  viewersMax: 1_000,
  /** Sessions of browsers; beyond it the one that was seen least lately ends. */
  sessionsMax: 200,
  /** A session ends when it was not seen for so long, */
  sessionIdleMsMax: 2 * 3_600_000,
  /** and in any case after so long. */
  sessionMsMax: 12 * 3_600_000,
  /** That a session was seen is written down this often. */
  sessionSeenMs: 60_000,

  // audit log: of each chain the oldest entries go beyond these, which is an entry itself
  /** An act takes two, some 600 bytes together. */
  auditEntriesMax: 1_000_000,
  /** Attempts with a wrong admin token, which are kept apart from acts. */
  auditAttemptsMax: 10_000,
  auditAgeMsMax: 7 * 366 * 86_400_000,
  /** What one entry says of its act; beyond it the act's values are left out. */
  auditEntryBytesMax: 8 * 1024,
  /** Attempts of one minute that are written down one by one; the rest of that minute is one entry that counts them. */
  auditAttemptsPerMinuteMax: 10,

  // log
  /** A segment of the log is closed at this size. */
  segmentBytesMax: 64 * 1024 * 1024,
  /** With little traffic the next one begins after so long all the same, so that retention can drop it. */
  segmentMsMax: 86_400_000,
  /** One commit takes at most so many bytes and records; the rest waits for the next. */
  commitBytesMax: 16 * 1024 * 1024,
  commitRecordsMax: 4_096,
  /** Bytes waiting for a commit; beyond it LOG_BUDGET. */
  pendingBytesMax: 192 * 1024 * 1024,
  /** `close()` waits so long for what is being written, twice at most. */
  logCloseMs: 10_000,

  // supervisor
  /** A role waits so long beyond the stop timeout for one before it that is still ending to let go of the same files. */
  predecessorGraceMs: 5_000,
  /** Every role is asked for its status this often. */
  roleAskMs: 5_000,
  /** A role that does not answer for so long is told of in the log; */
  roleSilentWarnMs: 30_000,
  /** for so long: it is killed and started again. */
  roleSilentMsMax: 60_000,

  // pipeline
  /** One load takes at most so many events and bytes of bodies. */
  loadEventsMax: 14_000,
  loadBytesMax: 32 * 1024 * 1024,
  /** With little to do, loads begin this far apart: parts stay few, and an event is listed well within a second. */
  loadIntervalMs: 200,
  /** The log is looked at so often when there was nothing new. */
  pollMs: 5,

  /** Something that another process sent to the warehouse may arrive for so long after it lost its share. */
  foreignLoadMsMax: 150_000,

  // rejected requests that are kept with their bodies: of each key the newest, no older than this
  rejectionsPerKeyMax: 1_000,
  rejectionBytesPerKeyMax: 64 * 1024 * 1024,
  rejectionAgeMsMax: 30 * 86_400_000,
  /** They are looked through this often, and what is beyond is deleted. */
  rejectionTrimMs: 600_000,
  /** Of one of them, so many events are sent again at most: a whole body of the smallest events that are any good. */
  replayEventsMax: 120_000,

  // rollups of reports
  /** A step is made this often, */
  rollMs: 30_000,
  /** and this often while the pipeline is so far behind, or not running. */
  rollBusyMs: 30_000,
  rollBehindEvents: 50_000,
  /** Events of one step, of more loads than one. */
  rollEventsMax: 200_000,
  /** A report waits so long for the last steps; beyond it, it is made from the events. */
  rollWaitMs: 3_000,
  /** They are told to be late when they were not up to date for so long. */
  rollLateMs: 600_000,

  // erasure and retention
  /** Persons that are kept out; beyond it an erasure is refused. */
  erasuresMax: 10_000,
  /** It is looked so often whether an erased person's events have left the raw log, and what has outlived its retention. */
  erasureCheckMs: 3_600_000,

  // backup
  /** A backup waits so long for the moment between two loads; then it fails. */
  backupTurnMsMax: 60_000,
  /** When the last one is older, attention is called to it. */
  backupAgeMsMax: 48 * 3_600_000,

  // warehouse
  /** One question: seconds, bytes, threads; questions waiting beyond the queue get an error. */
  askSecondsMax: 30,
  askMemoryBytesMax: 200 * 1024 * 1024,
  askQueueMax: 64,
  /** Diagnostics: event names and keys that are told apart, the known names and the largest; the rest is in the totals. */
  diagnosticsRowsMax: 200,
  /** Events whose coverage, delays and settlement are looked at, or so: of more, slices that are spread over the time. */
  diagnosticsLookedMax: 100_000,
  /** The newest kept rejected requests that are looked into for what was wrong, and how much of their bodies for names. */
  diagnosticsRejectionsMax: 1_000,
  diagnosticsBodyBytesMax: 8 * 1024 * 1024,
  /** Statements that wait to load, and long reads that wait; beyond it the same error. */
  loadQueueMax: 64,
  bulkQueueMax: 8,
  /** One loading statement; beyond it an error. When none has come to its end for a minute more, the engine is restarted. */
  loadSecondsMax: 1_800,
  /** Memory of the whole engine; beyond it statements fail. */
  engineMemoryBytesMax: 1024 * 1024 * 1024,
  /** Body of one statement; beyond it 413. */
  engineBodyBytesMax: 256 * 1024 * 1024,

  /** The warehouse is asked how it is this often, for the metrics, and must answer within that time. */
  warehouseAskMs: 15_000,

  // web
  /** What each kind of data takes on the disk is counted this often, or less often where that takes long. */
  sizesCountMs: 60_000,
  /** A part of the system that is asked how it is must answer within that time; else it is told as away. */
  systemAskMs: 2_000,
  /** Whoever asks how the system is within this time is told what the one before was. */
  systemEveryMs: 1_000,
  /** Rows of one page. */
  pageRowsMax: 1_000,
  /** Body of an admin request; beyond it 413. */
  adminBodyBytesMax: 64 * 1024,
  /** Of one with a month's rates, of which there may be 5,000; beyond it the same answer. */
  adminRatesBodyBytesMax: 2 * 1024 * 1024,
  /** Of one that tries the API out, with the request's body in it; beyond it the same answer. */
  adminTryBodyBytesMax: 2 * 1024 * 1024,
  /** Requests that try the API out, of all callers, in a minute and at once; beyond it 429. No more than an address's 401s. */
  triesPerMinuteMax: 60,
  triesMax: 4,
  /** The API must answer one within that time; beyond it 504. */
  tryMsMax: 15_000,
  /** What is shown of its answer; beyond it, it is cut. */
  tryReplyBytesMax: 8 * 1024 * 1024,
  /** Wrong admin tokens of one address in a minute; beyond it 429. The right token is never held back. */
  adminBadTokensPerMinuteMax: 60,
  /** Addresses whose wrong tokens are counted at once; beyond it the oldest is forgotten. */
  adminBadTokenAddressesMax: 1_000,
  /** Streams of events that are watched at once; beyond it 429. */
  streamsMax: 32,
  /** What a stream shows of a second; all are counted. */
  streamRowsMax: 50,
  /** Where nothing comes a stream says so often that it is alive. */
  streamAliveMs: 15_000,
  /** Whoever takes nothing of a stream for so long is cut off. */
  streamStalledMsMax: 60_000,
  /** Open connections of the admin port; beyond it new ones are closed at once. */
  adminConnectionsMax: 256,
} as const
