// docs/reference/configuration.md, made from the table of options; a test holds the page and the table equal, and
// `node tools/write-pages.ts` writes it anew.

import { options, type Option, wantedShort } from './config.ts'

export function configurationPage(): string {
  const rows = (Object.values(options) as Option[]).map(o => {
    const flag = o.flag === '' ? `none: ${whyNoFlag(o)}` : `\`--${o.flag}\``
    const takes = wantedShort(o).replaceAll('|', ' \\| ')
    return `| \`${o.variable}\` | ${flag} | ${takes} | ${o.default === '' ? '' : `\`${o.default}\``} | ${o.sentence.replaceAll('|', '\\|')} |`
  })
  return [
    '# Configuration',
    '',
    'Every option is an environment variable and, unless the table says why not, a flag of `datapulse serve`; a flag wins. The server',
    'checks all of them before it starts, files and directories too, and names every problem at once (exit code 2). Sizes are bytes or',
    '`64MiB`, `20GiB`; durations are `500ms`, `20s`, `15m`, `12h`, `7d`; lists are separated by commas.',
    '',
    '| variable | flag | takes | default | meaning |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

function whyNoFlag({ secret }: Option): string {
  return secret ? 'a secret is not given on a command line' : 'for tests only'
}
