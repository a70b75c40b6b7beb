// The site as a whole: every link leads somewhere, every page is in the menu of its language and forbids what does not come
// from here, and what a document holds cannot become markup of its page.

import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { openSite } from './site.ts'
import { type Page, pages } from './pages.ts'
import { render } from './markdown.ts'

suite('site', () => {
  let all: Page[]
  let documents: Page[]
  const textOf = ({ body }: Page) => String(body)
  const headerOf = ({ headers }: Page, name: string) => headers[headers.indexOf(name) + 1] ?? ''

  before(async () => {
    all = await pages()
    documents = all.filter(page => headerOf(page, 'Content-Type').startsWith('text/html'))
  })

  test('every link leads to a page, and to a heading that it has', () => {
    const anchors = new Map(all.map(page => [page.path, new Set(matches(textOf(page), / id="([^"]+)"/g))]))
    let followed = 0
    for (const page of documents) {
      const targets = [...matches(textOf(page), / href="([^"]+)"/g), ...matches(textOf(page), / src="([^"]+)"/g)]
      for (const target of targets) {
        if (/^(https?:|mailto:)/.test(target)) continue
        const [path = '', anchor] = target.split('#')
        const found = anchors.get(path === '' ? page.path : path)
        assert.ok(found !== undefined, `${page.path} links to ${target}`)
        assert.ok(anchor === undefined || found.has(decodeURIComponent(anchor)), `${page.path} links to ${target}`)
        followed++
      }
    }
    assert.ok(followed > 500)
  })

  test('every page allows what comes from here alone, and runs nothing that is written in it', () => {
    for (const page of documents) {
      const policy = headerOf(page, 'Content-Security-Policy')
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'/)
      assert.doesNotMatch(policy, /unsafe-eval|https?:|\*/)
      assert.equal(/unsafe-inline/.test(policy), page.path === '/docs/api', page.path)
      assert.doesNotMatch(textOf(page), /<script(?![^>]* src=)|<style| style="| on[a-z]+="/, page.path)
    }
  })

  test('the empty field for a key shows what a key looks like', () => {
    const holders = all.flatMap(page => matches(textOf(page), /placeholder:`([^`]{30,})`/g))
    assert.deepEqual(
      holders.filter(text => /^[\w+/=-]+$/.test(text)),
      [],
    )
    assert.ok(all.some(page => textOf(page).includes('placeholder:`dp_live_…`')))
  })

  test('every document is in the menu, and leads to its translation and back', () => {
    const paths = documents.map(({ path }) => path)
    const english = textOf(all.find(({ path }) => path === '/docs') as Page)
    const chinese = textOf(all.find(({ path }) => path === '/docs/zh-Hant') as Page)
    for (const path of paths) {
      if (/not-found$|\/api$/.test(path)) continue
      const isChinese = path.startsWith('/docs/zh-Hant')
      assert.ok((isChinese ? chinese : english).includes(`href="${path}"`), path)
      const page = textOf(all.find(one => one.path === path) as Page)
      assert.ok(page.includes(`<html lang="${isChinese ? 'zh-Hant' : 'en'}">`), path)
      const other = isChinese ? path.replace('/docs/zh-Hant', '/docs') : path.replace('/docs', '/docs/zh-Hant')
      assert.equal(page.includes(`href="${other}" lang=`), paths.includes(other), path)
    }
    assert.ok(paths.includes('/docs/zh-Hant/guides/get-started'))
    assert.ok(chinese.includes('href="/docs/reference/errors"'), 'what is not translated is shown in English')
  })

  test('every section can be searched, in the language of the reader', () => {
    for (const [path, title] of [
      ['/docs/assets/search-en.json', 'Get started'],
      ['/docs/assets/search-zh-Hant.json', '快速開始'],
    ] as const) {
      const index = JSON.parse(textOf(all.find(page => page.path === path) as Page)) as Record<string, string>[]
      assert.ok(index.length > 100 && index.some(({ page }) => page === title), path)
      assert.ok(
        index.some(
          ({ path: place, text = '' }) => place === '/docs/reference/events#fields' && /client_user_id/.test(text),
        ),
      )
      for (const { path: place = '', text = '' } of index) {
        const [target, anchor] = place.split('#')
        const page = textOf(all.find(one => one.path === target) as Page)
        assert.ok(anchor === undefined || page.includes(` id="${anchor}"`), place)
        assert.doesNotMatch(text, /<\/[a-z]+>|&(quot|#x?\d+);|[┌│]/, place)
      }
    }
  })

  test('it is made by another process, and says where there is nothing', async () => {
    const site = openSite()
    const [document, home, missing, chinese, other] = await Promise.all(
      ['/openapi.json', '/docs', '/docs/nothing', '/docs/zh-Hant/nothing', '/other'].map(path => site.page(path)),
    )
    assert.deepEqual(
      [document?.status, home?.status, missing?.status, chinese?.status, other],
      [200, 200, 404, 404, null],
    )
    assert.notEqual(missing?.etag, chinese?.etag)
    assert.notEqual(document?.etag, home?.etag)
  })
})

test('what is written in a document is text', () => {
  const html = (text: string) => render(text, { linkOf: () => null, anchorLabel: 'Link' }).html
  assert.equal(html('a <b onclick="x()">b</b>'), '<p>a &lt;b onclick=&quot;x()&quot;&gt;b&lt;/b&gt;</p>\n')
  assert.equal(html('<script>x()</script>\n'), '&lt;script&gt;x()&lt;/script&gt;\n')
  assert.equal(html('[a](javascript:x) ![b](http://x.example/b.png)'), '<p>a b</p>\n')
  assert.equal(
    html('<http://x.example/?a=1&b=2>'),
    '<p><a href="http://x.example/?a=1&amp;b=2" rel="noopener noreferrer">http://x.example/?a=1&amp;b=2</a></p>\n',
  )
  assert.match(html('```json\n{"a": "<b>"}\n```'), /<span class="hljs-string">&quot;&lt;b&gt;&quot;<\/span>/)
  assert.match(html('```nonsense"><b>\n<i>\n```'), /<code>&lt;i&gt;<\/code>/)
})

test('headings have anchors of their own, and a page its title and first words', () => {
  const { title, lead, headings } = render('# A `b` & c\n\nFirst *words*.\n\n## Same\n\n## Same\n', {
    linkOf: href => href,
    anchorLabel: 'Link',
  })
  assert.deepEqual([title, lead], ['A b & c', 'First words.'])
  assert.deepEqual(
    headings.map(({ level, id }) => [level, id]),
    [
      [1, 'a-b--c'],
      [2, 'same'],
      [2, 'same-1'],
    ],
  )
})

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found = '']) => found)
}
