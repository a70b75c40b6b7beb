// docs/reference/metrics.md, made from the table of metrics; a test holds the page and the table equal, and
// `node tools/write-pages.ts` writes it anew.

import { metrics, roleStarted, roleUp } from './metrics.ts'

export function metricsPage(): string {
  return [
    '# Metrics',
    '',
    '`GET /metrics` on the admin port answers in Prometheus’ text format, without a token: keep the port on loopback or behind a proxy.',
    'Every metric has the label `role`. Beside those below there are Node’s own (`process_*`, `nodejs_*`) for each role. A number that',
    'is not known just now (of a role that is away, of books that the pipeline has not found yet) is not there. What to be woken by is in',
    '`deploy/prometheus/datapulse.rules.yml`, and what to do then in [the runbook](../runbook.md).',
    '',
    'The accounting is in events: `datapulse_events_received_total` = `…accepted_total` + `…rejected_total` + `datapulse_events_waiting`,',
    'since the api role started; and over the life of the installation `datapulse_log_events` = `datapulse_events_stored` + `…duplicate` +',
    '`…parked` + `…erased` + `…in_flight`. `datapulse_accounting_difference` is 0, or something is wrong.',
    '',
    '| metric | kind | role | further label | meaning |',
    '|---|---|---|---|---|',
    ...[roleUp, roleStarted].map(({ name, help }) => `| \`${name}\` | gauge | each |  | ${help} |`),
    ...metrics.map(one => `| \`${one.name}\` | ${one.kind} | ${one.role} | ${one.label ?? ''} | ${one.help} |`),
    '',
  ].join('\n')
}
