// Markdown as HTML. Raw HTML is shown as text, links lead to pages of the site, or elsewhere by http or mail, or nowhere; code is
// coloured by classes, as the pages' policy allows no style of its own. Headings have the anchors that GitHub gives them.

import { createRequire } from 'node:module'
import GithubSlugger from 'github-slugger'
import { Marked, type Tokens } from 'marked'

export type Heading = { level: number; text: string; id: string }

/** `lead` is its first paragraph, as text. */
export type Rendered = { title: string; lead: string; html: string; headings: Heading[] }

export type Around = {
  /** Where a link of the document leads; null: nowhere that is shown here. */
  linkOf(href: string): string | null
  anchorLabel: string
}

type Highlighter = {
  getLanguage(name: string): object | undefined
  highlight(code: string, options: { language: string }): { value: string }
}

/** Not imported: its types would bring a browser's to the whole program. */
const hljs = createRequire(import.meta.url)('highlight.js/lib/common') as Highlighter
const otherNames: Record<string, string> = {
  console: 'bash',
  env: 'ini',
  service: 'ini',
  jsonl: 'json',
  ndjson: 'json',
}

export function render(text: string, { linkOf, anchorLabel }: Around): Rendered {
  const slugger = new GithubSlugger()
  const headings: Heading[] = []
  let lead = ''
  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ tokens, depth }) {
        const inner = this.parser.parseInline(tokens)
        const plain = plainOf(inner)
        const id = slugger.slug(plain)
        headings.push({ level: depth, text: plain, id })
        if (depth === 1) return `<h1 id="${id}">${inner}</h1>\n`
        const anchor = `<a class="anchor" href="#${id}" aria-label="${escape(`${anchorLabel}: ${plain}`)}">#</a>`
        return `<h${depth} id="${id}">${inner}${anchor}</h${depth}>\n`
      },
      paragraph({ tokens }) {
        const inner = this.parser.parseInline(tokens)
        if (lead === '') lead = plainOf(inner)
        return `<p>${inner}</p>\n`
      },
      code: ({ text: code, lang = '' }) => codeBlock(code, lang),
      table(token) {
        return `<div class="table" tabindex="0">${tableOf(token, cell => this.parser.parseInline(cell.tokens))}</div>\n`
      },
      html: ({ text: raw }) => escape(raw),
      image: ({ text: alt }) => escape(alt),
      link({ href, tokens }) {
        const inner = this.parser.parseInline(tokens)
        const target = isOutside(href) ? href : linkOf(href)
        if (target === null) return inner
        return `<a href="${escape(target)}"${isOutside(href) ? ' rel="noopener noreferrer"' : ''}>${inner}</a>`
      },
    },
  })
  const html = marked.parse(text, { async: false })
  return { title: headings.find(({ level }) => level === 1)?.text ?? '', lead, html, headings }
}

export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

function codeBlock(code: string, lang: string): string {
  const word = lang.trim().split(/\s/)[0] ?? ''
  const language = otherNames[word] ?? word
  const isKnown = hljs.getLanguage(language) !== undefined
  const inner = isKnown ? hljs.highlight(code, { language }).value : escape(code)
  return `<div class="code"><pre tabindex="0"><code${isKnown ? ` class="language-${language}"` : ''}>${inner}</code></pre></div>\n`
}

function tableOf({ header, rows }: Tokens.Table, inner: (cell: Tokens.TableCell) => string): string {
  const row = (tag: 'th' | 'td', cells: Tokens.TableCell[]) =>
    `<tr>${cells.map(cell => `<${tag}${cell.align === null ? '' : ` class="${cell.align}"`}>${inner(cell)}</${tag}>`).join('')}</tr>`
  const head = header.every(({ text }) => text === '') ? '' : `<thead>${row('th', header)}</thead>`
  return `<table>${head}<tbody>${rows.map(cells => row('td', cells)).join('')}</tbody></table>`
}

function isOutside(href: string): boolean {
  return /^(https?:\/\/|mailto:)/i.test(href)
}

/** The text of inline HTML. */
export function plainOf(html: string): string {
  return html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll(/&#(?:39|x27);/g, "'")
    .replaceAll('&amp;', '&')
    .trim()
}
