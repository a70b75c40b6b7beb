// The documents in docs/, in the order in which they are shown, each with its translations. A document is a Markdown file; one in
// docs/zh-Hant/ is the translation of the one with the same path outside it.

import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Language, languages, type SectionName } from './words.ts'

/** `name` is its path in docs/ without language and ending: `guides/errors`. */
export type Document = { name: string; section: SectionName; language: Language; file: string; text: string }

/** Beside the package when that is packed, else at the root of the checkout. */
const folder = ['../../docs/', '../../../docs/']
  .map(place => fileURLToPath(new URL(place, import.meta.url)))
  .find(place => existsSync(place))

/** The first documents of each section; others follow by name. */
const first: Record<SectionName, readonly string[]> = {
  guides: [
    'get-started',
    'send-from-your-language',
    'events',
    'errors',
    'no-events-arrive',
    'going-live',
    'guarantees',
  ],
  reference: ['events', 'errors', 'limits', 'flags', 'client'],
  operating: ['operating', 'console', 'backup', 'cluster', 'runbook'],
}

/** Guides for those who run the server, not for those who send to it. */
const forOperators = new Set(['operating', 'console', 'backup', 'cluster'])

export function readDocuments(): Document[] {
  if (folder === undefined) return []
  const found = globSync('**/*.md', { cwd: folder }).map(file => readDocument(folder, file.replaceAll('\\', '/')))
  return found.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))
}

/** The path under which a document is shown. */
export function pathOf(name: string, language: Language): string {
  const { prefix } = languages[language]
  return `/docs${prefix}${name === '' ? '' : `/${name}`}`
}

function readDocument(root: string, file: string): Document {
  const language: Language = file.startsWith('zh-Hant/') ? 'zh-Hant' : 'en'
  const name = file.replace(/^zh-Hant\//, '').replace(/\.md$/, '')
  const [place = '', own = ''] = name.includes('/') ? name.split('/') : ['', name]
  const section =
    place === 'reference' ? 'reference' : place === 'guides' && !forOperators.has(own) ? 'guides' : 'operating'
  return { name, section, language, file, text: readFileSync(join(root, file), 'utf8') }
}

function rank({ name, section }: Document): number {
  const place = first[section].indexOf(name.split('/').at(-1) ?? '')
  const sections: SectionName[] = ['guides', 'reference', 'operating']
  return sections.indexOf(section) * 100 + (place < 0 ? 99 : place)
}
