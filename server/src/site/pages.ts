// What there is to read on the public port, by path: the OpenAPI document, the documents of docs/ in their languages, the
// reference that is made from the OpenAPI document, and the files that these need. Nothing of it asks another machine for
// anything, and the policy of every page forbids it.

import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { openApiDocument } from '@datapulse/contract/openapi'
import { limits } from '../limits.ts'
import { apiReferenceScript } from './api-reference.ts'
import { type Document, pathOf, readDocuments } from './documents.ts'
import { framed, home, listed, neighbours, page, searchPaths, type Shown } from './layout.ts'
import { escape, render } from './markdown.ts'
import { notFoundPaths } from './not-found.ts'
import { searchIndex } from './search.ts'
import { type Language, languages, type SectionName, words } from './words.ts'

/** `headers` are names and values in turn, Content-Type among them. */
export type Page = { path: string; status?: number; headers: readonly string[]; body: string | Buffer }

const policy = (style: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src ${style}`,
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

export async function pages(): Promise<Page[]> {
  const documents = readDocuments()
  const all = documents.map(document => shown(document, documents))
  const inEach = (make: (language: Language) => Page) => (Object.keys(languages) as Language[]).map(make)
  return [
    {
      path: '/openapi.json',
      headers: ['Content-Type', 'application/json'],
      body: JSON.stringify(openApiDocument(version(), limits)),
    },
    ...inEach(language => html(pathOf(home, language), firstPage(all, language))),
    ...all.map(one => html(pathOf(one.name, one.language), documentPage(all, one))),
    ...inEach(language => ({ ...html(notFoundPaths[language], notFoundPage(all, language)), status: 404 })),
    html('/docs/api', referencePage(all), "'self' 'unsafe-inline'"),
    script('reference', await apiReferenceScript()),
    ...['site', 'theme', 'search', 'api'].map(name => script(name, asset(`${name}.js`))),
    ...inEach(language => ({
      path: searchPaths[language],
      headers: ['Content-Type', 'application/json'],
      body: searchIndex(all, language),
    })),
    ...['frame', 'site'].map(name => ({
      path: `/docs/assets/${name}.css`,
      headers: ['Content-Type', 'text/css; charset=utf-8'],
      body: asset(`${name}.css`),
    })),
    { path: '/docs/assets/icon.svg', headers: ['Content-Type', 'image/svg+xml'], body: asset('icon.svg') },
  ]
}

function shown(document: Document, documents: readonly Document[]): Shown {
  const anchorLabel = words[document.language].anchor
  return { ...document, ...render(document.text, { anchorLabel, linkOf: href => linkOf(href, document, documents) }) }
}

/** A link between files of docs/ as one between pages; what else the repository has is not shown here. */
function linkOf(href: string, { file }: Document, documents: readonly Document[]): string | null {
  if (href.startsWith('#')) return href
  if (href.startsWith('/docs') || href === '/openapi.json') return href
  const [path = '', anchor] = href.split('#')
  const target = posix.normalize(posix.join(posix.dirname(file), path))
  const found = documents.find(one => one.file === target)
  if (found === undefined) return null
  return pathOf(found.name, found.language) + (anchor === undefined ? '' : `#${anchor}`)
}

function documentPage(all: readonly Shown[], one: Shown): string {
  const { language, name, title, html: body, headings } = one
  return framed({ all, language, name, title, headings, body, after: neighbours(all, one) })
}

function firstPage(all: readonly Shown[], language: Language): string {
  const said = words[language]
  const own = listed(all, language)
  const card = (href: string, title: string, text: string) =>
    `<li><a class="card" href="${href}"><strong>${escape(title)}</strong><span>${escape(text)}</span></a></li>`
  const cards = (section: SectionName) =>
    own
      .filter(one => one.section === section)
      .map(one => card(pathOf(one.name, one.language), one.title, firstSentence(one.lead)))
  const reference = [
    card('/docs/api', said.apiReference, said.apiReferenceText),
    ...cards('reference'),
    card('/openapi.json', said.document, said.documentText),
  ]
  const [start] = own
  const body = `<div class="hero"><h1>${said.tagline}</h1><p>${said.lead}</p>
<p class="actions">${start === undefined ? '' : `<a class="button" href="${pathOf(start.name, start.language)}">${escape(start.title)}</a>`}<a class="button quiet" href="/docs/api">${said.apiReference}</a></p></div>
${section(said.sections.guides, cards('guides'))}${section(said.sections.reference, reference)}${section(said.sections.operating, cards('operating'))}`
  return framed({ all, language, name: home, title: '', body })
}

function section(title: string, cards: string[]): string {
  return `<h2>${title}</h2><ul class="cards">${cards.join('')}</ul>`
}

function notFoundPage(all: readonly Shown[], language: Language): string {
  const said = words[language]
  const body = `<h1>${said.notFound}</h1><p>${said.notFoundText}</p><p><a class="button" href="${pathOf(home, language)}">${said.home}</a></p>`
  return framed({ all, language, name: null, title: said.notFound, body })
}

function referencePage(all: readonly Shown[]): string {
  const { apiReference } = words.en
  const body = '<div id="text" class="reference"><div id="reference"></div></div>'
  return page({ all, language: 'en', name: null, title: apiReference, scripts: ['reference', 'api'], body })
}

function html(path: string, body: string, style = "'self'"): Page {
  return { path, headers: ['Content-Type', 'text/html; charset=utf-8', 'Content-Security-Policy', policy(style)], body }
}

function script(name: string, body: string | Buffer): Page {
  return { path: `/docs/assets/${name}.js`, headers: ['Content-Type', 'text/javascript; charset=utf-8'], body }
}

function asset(name: string): Buffer {
  return readFileSync(new URL(`assets/${name}`, import.meta.url))
}

function firstSentence(text: string): string {
  const sentence = /^.*?(?:[。：]|[.:](?=\s|$))/.exec(text)?.[0] ?? text
  return sentence.replace(/:$/, '.').replace(/：$/, '。')
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
