// docs/reference/metrics.md, made from the table of metrics; a test holds the page and the table equal, and
// `node tools/write-pages.ts` writes it anew.

import { metrics } from './metrics.ts'

export function metricsPage(): string {
  return [
    '# Metrics',
    '',
    '`GET /metrics` on the admin port answers in Prometheus’ text format, without a token: keep the port on loopback or behind a proxy.',
    'Every metric has the label `role`. Beside those below there are Node’s own (`process_*`, `nodejs_*`) for each role, and',
    '`datapulse_role_up`, which is 0 for a role that does not answer.',
    '',
    'The accounting is in events: `datapulse_events_received_total` = `…accepted_total` + `…rejected_total` + `datapulse_events_waiting`,',
    'since the api role started; and over the life of the installation `datapulse_log_events` = `datapulse_events_stored` + `…duplicate` +',
    '`…parked` + `…erased` + `…in_flight`. `datapulse_accounting_difference` is 0, or something is wrong.',
    '',
    '| metric | kind | role | further label | meaning |',
    '|---|---|---|---|---|',
    ...metrics.map(one => `| \`${one.name}\` | ${one.kind} | ${one.role} | ${one.label ?? ''} | ${one.help} |`),
    '',
  ].join('\n')
}
