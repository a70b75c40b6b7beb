// By which a server of a test has its log and its accounts in NATS, whose servers have little room there.

export function natsEnvironment(url: string, replicas: 1 | 3): Record<string, string> {
  return {
    DATAPULSE_LOG: url,
    DATAPULSE_LOG_BUDGET: '1GiB',
    DATAPULSE_LOG_RETENTION_BYTES: '512MiB',
    DATAPULSE_ACCOUNTS: url,
    DATAPULSE_NATS_REPLICAS: String(replicas),
  }
}
