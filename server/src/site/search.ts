// What a reader can search: of each document of a language (of those that are not translated, the English one) each section, with
// its heading and its words. The browser looks through it (assets/search.js).

import { pathOf } from './documents.ts'
import { listed, type Shown } from './layout.ts'
import { plainOf } from './markdown.ts'
import type { Language } from './words.ts'

type Section = { path: string; page: string; heading: string; text: string }

export function searchIndex(all: readonly Shown[], language: Language): string {
  return JSON.stringify(listed(all, language).flatMap(sectionsOf))
}

/** Without the lines of tables that are drawn with characters. */
function sectionsOf(one: Shown): Section[] {
  const path = pathOf(one.name, one.language)
  const parts = one.html.split(/(?=<h[1-3] id=")/)
  return parts.map(part => {
    const id = /^<h[23] id="([^"]*)"/.exec(part)?.[1]
    const heading = one.headings.find(found => found.id === id)?.text ?? ''
    const body = part.replace(/^<h[1-3][^]*?<\/h[1-3]>/, '')
    return {
      path: id === undefined ? path : `${path}#${id}`,
      page: one.title,
      heading,
      text: plainOf(body.replaceAll(/<\/(?:p|li|td|th|pre|div)>/g, ' ')).replaceAll(/[\s\u2500-\u257f]+/g, ' '),
    }
  })
}
