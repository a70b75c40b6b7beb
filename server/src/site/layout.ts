// The frame of a page: head, header, menu, the page's own headings, and what comes before and after it.

import { type Document, pathOf } from './documents.ts'
import { escape, type Heading, type Rendered } from './markdown.ts'
import { type Language, languages, type SectionName, words } from './words.ts'

export type Shown = Document & Rendered

export type Frame = {
  /** Everything that there is, in every language. */
  all: readonly Shown[]
  language: Language
  /** Of the document, or `''` of the first page; null of a page that has no other language. */
  name: string | null
  title: string
  /** Further files that the head names. */
  scripts?: readonly string[]
  styles?: readonly string[]
  /** It has a dialog to search in. */
  isSearched?: boolean
  body: string
}

export const home = ''

/** Where what can be searched is. */
export const searchPaths: Record<Language, string> = {
  en: '/docs/assets/search-en.json',
  'zh-Hant': '/docs/assets/search-zh-Hant.json',
}

export function page({
  all,
  language,
  name,
  title,
  scripts = [],
  styles = [],
  isSearched = false,
  body,
}: Frame): string {
  const said = words[language]
  const description = all.find(one => one.name === name && one.language === language)?.lead ?? said.lead
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title === '' ? `DataPulse Server Events: ${said.docs}` : `${title} · DataPulse`)}</title>
<meta name="description" content="${escape(description)}">
<link rel="icon" href="/docs/assets/icon.svg" type="image/svg+xml">
${['frame', ...styles].map(style => `<link rel="stylesheet" href="/docs/assets/${style}.css">`).join('\n')}
<script src="/docs/assets/theme.js"></script>
${['site', ...scripts].map(script => `<script src="/docs/assets/${script}.js" defer></script>`).join('\n')}
</head>
<body data-copy="${said.copy}" data-copied="${said.copied}">
<a class="skip" href="#text">${said.skip}</a>
${header(all, language, name, isSearched)}
${body}
</body>
</html>
`
}

/** A document, or the first page, with the menu beside it. */
export function framed(frame: Frame & { headings?: readonly Heading[]; after?: string }): string {
  const { all, language, name, headings = [], after = '', body } = frame
  const inner = `<div class="columns">
<nav id="menu" class="menu" popover aria-label="${words[language].docs}">${menu(all, language, name)}</nav>
<main id="text"><article>${body}</article>${after}</main>
${contents(headings, language)}
</div>
${searchDialog(language)}`
  return page({ ...frame, styles: ['site'], scripts: ['search'], isSearched: true, body: inner })
}

export function neighbours(all: readonly Shown[], { name, language }: Document): string {
  const said = words[language]
  const own = listed(all, language)
  const at = own.findIndex(one => one.name === name)
  const link = (one: Shown | undefined, word: string, way: string) =>
    one === undefined
      ? ''
      : `<a class="${way}" rel="${way}" href="${pathOf(one.name, one.language)}"><small>${word}</small>${escape(one.title)}</a>`
  return `<nav class="neighbours" aria-label="${said.previous}, ${said.next}">${link(own[at - 1], said.previous, 'prev')}${link(own[at + 1], said.next, 'next')}</nav>`
}

/** Of each name one, in the language if there is one. */
export function listed(all: readonly Shown[], language: Language): Shown[] {
  return all
    .filter(
      one =>
        one.language === language ||
        (one.language === 'en' && !all.some(other => other.name === one.name && other.language === language)),
    )
    .toSorted((a, b) => orderOf(all, a) - orderOf(all, b))
}

function orderOf(all: readonly Shown[], { name }: Shown): number {
  return all.findIndex(one => one.name === name)
}

function header(all: readonly Shown[], language: Language, name: string | null, isSearched: boolean): string {
  const said = words[language]
  return `<header class="top">
<button class="menu-button" type="button" popovertarget="menu" aria-label="${said.menu}"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 7h16M4 12h16M4 17h16"/></svg></button>
<a class="brand" href="${pathOf(home, language)}"><svg viewBox="0 0 32 32" aria-hidden="true"><path d="M2 17h6l4-10 6 19 5-13 2 4h5"/></svg><span>DataPulse <span class="product">Server Events</span></span></a>
<nav class="links" aria-label="${said.menu}"><a href="${pathOf(home, language)}">${said.docs}</a><a href="/docs/api">${said.apiReference}</a></nav>
<span class="room"></span>
${isSearched ? `<button class="search-button" type="button" aria-keyshortcuts="/ Control+K"><svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="11" cy="11" r="6.500"/><path d="m16 16 4.500 4.500"/></svg><span>${said.search}</span><kbd aria-hidden="true">/</kbd></button>` : ''}
${languageSwitch(all, language, name)}
<button class="theme" type="button" aria-label="${said.theme}"><svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="8"/><path class="half" d="M12 4a8 8 0 0 1 0 16z"/></svg></button>
</header>`
}

function searchDialog(language: Language): string {
  const { search, nothingFound } = words[language]
  return `<dialog class="search" aria-label="${search}" data-index="${searchPaths[language]}">
<form><input type="search" aria-label="${search}" placeholder="${search}" autocomplete="off" spellcheck="false"></form>
<ol></ol><p class="none" role="status" hidden>${nothingFound}</p>
</dialog>`
}

function languageSwitch(all: readonly Shown[], language: Language, name: string | null): string {
  if (name === null) return ''
  const links = (Object.keys(languages) as Language[])
    .filter(one => name === home || all.some(document => document.name === name && document.language === one))
    .map(
      one =>
        `<a href="${pathOf(name, one)}" lang="${one}" hreflang="${one}"${one === language ? ' aria-current="true"' : ''}>${languages[one].own}</a>`,
    )
  return links.length < 2
    ? ''
    : `<nav class="languages" aria-label="${words[language].language}">${links.join('')}</nav>`
}

function menu(all: readonly Shown[], language: Language, name: string | null): string {
  const said = words[language]
  const own = listed(all, language)
  const item = (one: Shown) => {
    const foreign = one.language === language ? '' : ` <small>${said.notTranslated}</small>`
    const current = one.name === name ? ' aria-current="page"' : ''
    return `<li><a href="${pathOf(one.name, one.language)}"${current}>${escape(one.title)}${foreign}</a></li>`
  }
  const section = (one: SectionName, more = '') =>
    `<h2>${said.sections[one]}</h2><ul>${more}${own
      .filter(document => document.section === one)
      .map(item)
      .join('')}</ul>`
  const api = `<li><a href="/docs/api">${said.apiReference}</a></li>`
  return [section('guides'), section('reference', api), section('operating')].join('\n')
}

function contents(headings: readonly Heading[], language: Language): string {
  const own = headings.filter(({ level }) => level === 2 || level === 3)
  if (own.length < 2) return '<div class="contents"></div>'
  const items = own.map(({ level, text, id }) => `<li class="level-${level}"><a href="#${id}">${escape(text)}</a></li>`)
  const said = words[language].onThisPage
  return `<nav class="contents" aria-label="${said}"><h2>${said}</h2><ul>${items.join('')}</ul></nav>`
}
