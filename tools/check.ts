// Manners of the code that no other tool checks. Grows a line when a review repeats itself.
// Each rule is a name, the files it reads, and what it says of a file; no output means well-mannered.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

type Rule = { name: string; reads: RegExp; says(path: string, text: string): string[] }

const linesMax = 500
const stages = ['accounts', 'api', 'backup', 'log', 'migration', 'pipeline', 'site', 'warehouse', 'web']
const exchanged = ['log/record.ts', 'warehouse/load.ts']
const unsaid = [
  'util',
  'utils',
  'helper',
  'helpers',
  'common',
  'manager',
  'service',
  'handler',
  'base',
  'impl',
  'data',
  'info',
]
const readsEnvironment = /^(server\/src\/config\.ts|cli\/src\/settings\.ts)$/

const rules: Rule[] = [
  {
    name: 'a file opens by saying what it is for',
    reads: /\.tsx?$/,
    says: (_, text) => (/^(#!.*\n)?(\/\/|\/\*\*?)/.test(text) ? [] : ['has no header']),
  },
  {
    name: 'a long file explains itself',
    reads: /\.tsx?$/,
    says(_, text) {
      const lines = text.split('\n').length
      return lines <= linesMax || /long because/i.test(text.slice(0, 2000))
        ? []
        : [`has ${lines} lines and does not say why`]
    },
  },
  {
    name: 'stages do not import each other',
    reads: /^server\/src\/[a-z]+\/.*(?<!\.test)\.ts$/,
    says(path, text) {
      const own = path.split('/')[2] as string
      if (!stages.includes(own)) return []
      return imports(text).flatMap(({ line, from, typeOnly }) => {
        const other = stages.find(
          stage => stage !== own && new RegExp(`(^|/)${stage}/`).test(from) && from.startsWith('.'),
        )
        if (other === undefined) return []
        return typeOnly && exchanged.some(door => from.endsWith(door)) ? [] : [`imports a sibling stage: ${line}`]
      })
    },
  },
  {
    name: 'contract imports nothing of the rest',
    reads: /^contract\/.*(?<!\.test)\.ts$/,
    says: (path, text) =>
      imports(text).flatMap(({ line, from }) =>
        from.startsWith('@') || (from.startsWith('.') && !join(dirname(path), from).startsWith('contract/'))
          ? [`reaches out: ${line}`]
          : [],
      ),
  },
  {
    name: 'the client runs without Node, but for its spool',
    reads: /^client\/src\/(?!spool).*(?<!\.test|\.types)\.ts$/,
    says: (path, text) =>
      path.startsWith('client/src/testing/')
        ? []
        : imports(text).flatMap(({ line, from }) => (/^node:|\/spool/.test(from) ? [`needs Node: ${line}`] : [])),
  },
  {
    name: 'the environment is read in one place',
    reads: /^(contract|server|cli|client)\/.*(?<!\.test)\.ts$/,
    says: (path, text) => (!readsEnvironment.test(path) && /process\.env\b/.test(text) ? ['reads process.env'] : []),
  },
  {
    name: 'what a terminal sees passes through one place',
    reads: /^cli\/src\/.*(?<!\.test)\.ts$/,
    says: (path, text) =>
      path !== 'cli/src/output.ts' && /\bprocess\.(stdout|stderr)\b|\bconsole\./.test(text)
        ? ['writes past output.ts']
        : [],
  },
  {
    name: 'the console talks HTTP, shares but the contract, and loads nothing from elsewhere',
    reads: /^console\/(src\/.*\.tsx?|index\.html)$/,
    says: (_, text) => [
      ...imports(text).flatMap(({ line, from }) =>
        /^\.\.\/.*\/(server|contract|cli|client)\/|^@?datapulse(?!\/contract\/)/.test(from)
          ? [`reaches out: ${line}`]
          : [],
      ),
      ...(/\b(src|href)=["']?https?:/.test(text) ? ['loads from elsewhere'] : []),
    ],
  },
  {
    name: 'erasable TypeScript only',
    reads: /\.tsx?$/,
    says: (_, text) => (/^\s*(export )?(const )?enum\s/m.test(text) ? ['has an enum'] : []),
  },
  {
    name: 'files are named by the noun they export',
    reads: /\.tsx?$/,
    says(path) {
      const words = basename(path).split('.')[0]?.split('-') ?? []
      const found = words.filter(word => unsaid.includes(word))
      const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.tsx?$/.test(basename(path))
      return [...found.map(word => `is named with "${word}"`), ...(kebab ? [] : ['is not in kebab-case'])]
    },
  },
  {
    name: 'nothing is left for later',
    reads: /\.(tsx?|js|md)$/,
    says: (path, text) => (path !== 'tools/check.ts' && /\b(TODO|FIXME|XXX)\b/.test(text) ? ['has a TODO'] : []),
  },
  {
    name: 'tests keep to loopback',
    reads: /\.test\.ts$/,
    says: (_, text) =>
      /https?:\/\/(?!127\.|localhost|\[::1\]|\$|[a-z.]*example|x\b|y\b|host\b)[a-z0-9]/i.test(text)
        ? ['names an outside address']
        : [],
  },
  {
    name: 'no path or host of a machine',
    reads: /\.(tsx?|js|json|md|sh|yml)$|run$/,
    says: (path, text) =>
      path !== 'tools/check.ts' && /\/(work|home|root)\/[a-z]|"resolved": "http/.test(text)
        ? ['names a place of one machine']
        : [],
  },
  {
    name: 'each stage has its door',
    reads: /^server\/src\/[a-z]+\/[a-z-]+\.ts$/,
    says(path) {
      const folder = basename(dirname(path))
      return stages.includes(folder) && !existsSync(`server/src/${folder}/${folder}.ts`)
        ? [`its folder has no ${folder}.ts`]
        : []
    },
  },
]

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' }).trim().split('\n')
let complaints = 0
for (const path of files) {
  if (!existsSync(path)) continue
  const relevant = rules.filter(rule => rule.reads.test(path))
  if (relevant.length === 0) continue
  const text = readFileSync(path, 'utf8')
  for (const rule of relevant)
    for (const complaint of rule.says(path, text)) {
      complaints++
      console.log(`${path}: ${complaint} (${rule.name})`)
    }
}
process.exit(complaints === 0 ? 0 : 1)

function imports(text: string): { line: string; from: string; typeOnly: boolean }[] {
  return [...text.matchAll(/^(import|export)\s[^;'"]*?from\s+'([^']+)'|import\('([^']+)'\)/gm)].map(match => ({
    line: match[0].split('\n')[0] as string,
    from: (match[2] ?? match[3]) as string,
    typeOnly: /^(import|export) type\b/.test(match[0]),
  }))
}
