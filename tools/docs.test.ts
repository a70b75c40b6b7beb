// The pages of docs/ hold together: every link between them leads to a page and a heading that are there, every file and command
// in them exists, and a guide that is there in two languages has the same headings, code and tables in both.

import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import GithubSlugger from 'github-slugger'
import { openOutput } from '../cli/src/output.ts'
import { buildProgram, everyCommand } from '../cli/src/program.ts'
import { readEnvironment } from '../cli/src/settings.ts'
import { blocksOf, readGuide } from '../test/harness/guide.ts'

type Command = ReturnType<typeof buildProgram>

const pages = ['README.md', 'ARCHITECTURE.md', 'client/README.md', ...globSync('docs/**/*.md')].sort()
const guides = globSync('docs/guides/*.md')
  .map(path => basename(path))
  .sort()

test('every link within the repository leads somewhere', () => {
  const broken = pages.flatMap(page =>
    linksOf(readGuide(page)).flatMap(link => {
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : normalize(join(dirname(page), decodeURIComponent(path)))
      if (!existsSync(target)) return [`${page}: ${link} is not there`]
      if (anchor === undefined || !target.endsWith('.md')) return []
      return anchorsOf(readFileSync(target, 'utf8')).has(decodeURIComponent(anchor))
        ? []
        : [`${page}: ${link} has no such heading`]
    }),
  )
  assert.deepEqual(broken, [])
})

test('every file of the source that a page names is there', () => {
  const files = globSync('{bench,cli,client,console,contract,server,test,tools}/**/*.{ts,tsx}', {
    exclude: path => path.includes('node_modules'),
  })
  const ends = new Set(files.flatMap(file => file.split('/').map((_, i, parts) => parts.slice(i).join('/'))))
  const named = pages.flatMap(page =>
    [...readFileSync(page, 'utf8').matchAll(/`([\w./-]+\.tsx?)`/g)].map(([, file = '']) => ({ page, file })),
  )
  assert.ok(named.length > 50)
  assert.deepEqual(
    named.filter(({ file }) => !ends.has(file)),
    [],
  )
})

test('what is no link and no heading is not read as one', () => {
  const text =
    '# A `b`: c, d\n\n[x](y.md#z) `[no](no.md)` [out](https://example.com)\n\n```\n# no\n[no](no.md)\n```\n\n## A b c d\n\n## A b c d\n'
  assert.deepEqual(linksOf(text), ['y.md#z'])
  assert.deepEqual([...anchorsOf(text)], ['a-b-c-d', 'a-b-c-d-1', 'a-b-c-d-2'])
})

test('every command exists, with its options', () => {
  const silent = { write() {} }
  const program = buildProgram({ output: openOutput(silent, silent), environment: readEnvironment({}) }, () => {})
  const known = new Map<string, Command>()
  everyCommand(program, command => void known.set(pathOf(command), command))
  const lines = pages.flatMap(page =>
    [...readGuide(page).matchAll(/npx --no datapulse ([^`\n]+)/g)].map(match => ({ page, line: match[1] as string })),
  )
  assert.ok(lines.length > 100)
  for (const { page, line } of lines) {
    const words = line.trim().split(' ')
    if (words[0] === 'help') continue
    const path = [2, 1].map(count => words.slice(0, count).join(' ')).find(one => known.has(one))
    assert.ok(path !== undefined, `${page}: there is no command ${line}`)
    // The server's own options are those of its configuration, which has a page and a test of its own.
    if (path === 'serve') continue
    // Where the name of the very command is left open, those of any.
    const meant = [...known].filter(([one]) => one === path || one.startsWith(`${path} `))
    const options = meant.flatMap(([, command]) => command.options.map(({ long }) => long))
    for (const word of words)
      if (word.startsWith('--')) assert.ok(options.includes(word), `${page}: ${path} has no ${word}`)
  }
})

test('every page begins with its title', () => {
  for (const page of pages) assert.match(readGuide(page), /^# \S/, page)
})

test('every guide is there in Traditional Chinese too', () => {
  const translated = globSync('docs/zh-Hant/guides/*.md').map(path => basename(path))
  assert.deepEqual(translated.sort(), guides)
})

for (const name of guides) {
  test(`${name} is the same in both languages: headings, code, tables`, () => {
    const [english, chinese] = [`docs/guides/${name}`, `docs/zh-Hant/guides/${name}`].map(readGuide) as [string, string]
    assert.deepEqual(outlineOf(chinese), outlineOf(english))
    assert.deepEqual(
      blocksOf(chinese).map(({ text }) => text),
      blocksOf(english).map(({ text }) => text),
    )
  })
}

function pathOf(command: Command): string {
  const { parent } = command
  return parent === null || parent.parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`
}

function linksOf(markdown: string): string[] {
  return [...withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(match => match[1] as string)
    .filter(link => !/^[a-z]+:/.test(link))
}

function anchorsOf(markdown: string): Set<string> {
  const slugger = new GithubSlugger()
  return new Set(headingsOf(markdown).map(({ title }) => slugger.slug(title)))
}

/** The levels of the headings, and how many rows the tables below each have. */
function outlineOf(markdown: string): string[] {
  return withoutFences(markdown)
    .split('\n')
    .flatMap(line => /^(#+) /.exec(line)?.[1] ?? (line.startsWith('|') ? '|' : []))
}

/** A heading's text is what is shown: without code marks and the addresses of links. */
function headingsOf(markdown: string): { level: number; title: string }[] {
  return [...withoutFences(markdown).matchAll(/^(#+) (.+)$/gm)].map(([, marks = '', title = '']) => ({
    level: marks.length,
    title: title.replaceAll('`', '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1'),
  }))
}

function withoutCode(markdown: string): string {
  return withoutFences(markdown).replace(/`[^`\n]*`/g, '')
}

function withoutFences(markdown: string): string {
  return markdown.replace(/^```.*?^```$/gms, '')
}
