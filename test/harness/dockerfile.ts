// Reads a Dockerfile and does what its instructions say without Docker: each absolute path that it names lies in a folder of
// the machine, RUN runs in a shell, CMD and HEALTHCHECK give the words to start. Only what our Dockerfile uses is known;
// anything else is refused, so that no step is passed over.

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Image = {
  /** Each as it was run, in order. */
  ran: string[]
  environment: Record<string, string>
  folder: string
  user: number | null
  command: string[]
  healthcheck: string[]
}

export type Building = {
  /** Where a path of the image is on this machine. */
  placeOf: (path: string) => string
  /** The folder that is built from. */
  context: string
  environment: Record<string, string>
  /** Called for each RUN; true: its outcome is there already. */
  isDone: (line: string, folder: string) => boolean
}

const known = /^(FROM|WORKDIR|COPY|RUN|USER|ENV|VOLUME|EXPOSE|HEALTHCHECK|CMD)\s+(.*)$/

/** The last image that it makes. */
export function buildImage(path: string, { placeOf, context, environment, isDone }: Building): Image {
  const image: Image = { ran: [], environment: {}, folder: '/', user: null, command: [], healthcheck: [] }
  for (const line of linesOf(path)) {
    const [, word = '', rest = ''] = known.exec(line) ?? []
    if (word === '') throw new Error(`Cannot do this without Docker: ${line}`)
    if (word === 'FROM')
      Object.assign(image, { environment: {}, folder: '/', user: null, command: [], healthcheck: [] })
    else if (word === 'WORKDIR') {
      image.folder = rest
      mkdirSync(placeOf(rest), { recursive: true })
    } else if (word === 'COPY') copy(rest.split(/\s+/), image.folder)
    else if (word === 'RUN') {
      image.ran.push(rest)
      const cwd = placeOf(image.folder)
      if (isDone(rest, cwd)) continue
      const env = { ...environment, ...image.environment }
      execFileSync('/bin/sh', ['-ec', mapped(rest)], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    } else if (word === 'USER') image.user = Number(rest.split(':')[0])
    else if (word === 'ENV') Object.assign(image.environment, readEnvironment(rest))
    else if (word === 'CMD') image.command = words(rest)
    else if (word === 'HEALTHCHECK') image.healthcheck = words(rest.replace(/^(--\S+\s+)*CMD\s+/, ''))
  }
  return image

  function copy([first = '', ...more]: string[], folder: string): void {
    const isStage = first.startsWith('--from=')
    const [from = '', to = ''] = isStage ? more : [first, ...more]
    const target = placeOf(to.startsWith('/') ? to : join(folder, to))
    const source = isStage ? placeOf(from) : join(context, from)
    // Both stages lie in one folder here.
    if (source === target || source === `${target}/`) return
    if (existsSync(target)) throw new Error(`Cannot copy ${from} over what is there: ${target}`)
    cpSync(source, target, { recursive: true })
  }

  function mapped(text: string): string {
    return text.replace(/(?<![\w.])\/[\w/.-]+/g, path => placeOf(path))
  }

  function readEnvironment(text: string): Record<string, string> {
    const pairs = [...text.matchAll(/(\w+)=(\S+)/g)].map(([, name, value = '']) => {
      const whole = value.replace(/\$(\w+)/g, (_, other: string) => environment[other] ?? '')
      return [
        name,
        whole
          .split(':')
          .map(part => (part.startsWith('/') && value.startsWith('/') ? placeOf(part) : part))
          .join(':'),
      ]
    })
    return Object.fromEntries(pairs) as Record<string, string>
  }
}

/** The exec form: a list of words. */
function words(text: string): string[] {
  const list: unknown = JSON.parse(text)
  if (!Array.isArray(list)) throw new Error(`Cannot start this because it must be a list of words: ${text}`)
  return list as string[]
}

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
}
