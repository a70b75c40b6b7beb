// Searching the documentation: every word must be in a section; where it is in the heading, the section comes first. What can be
// searched is fetched when somebody wants to. Letters are compared as they are written, so that it works in any language.

const dialog = document.querySelector('dialog.search')
const field = dialog.querySelector('input')
const list = dialog.querySelector('ol')
const none = dialog.querySelector('.none')
const shownMax = 12
let sections = null

function open() {
  dialog.showModal()
  field.select()
  sections ??= fetch(dialog.dataset.index).then(reply => reply.json())
  void show()
}

async function show() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean)
  const found = words.length === 0 ? [] : rank(await sections, words)
  list.replaceChildren(...found.map(section => item(section, words)))
  none.hidden = words.length === 0 || found.length > 0
}

function rank(all, words) {
  return all
    .map((section, at) => ({ section, at, score: scoreOf(section, words) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.at - b.at)
    .slice(0, shownMax)
    .map(({ section }) => section)
}

function scoreOf({ page, heading, text }, words) {
  const [inPage, inHeading, inText] = [page, heading, text].map(one => one.toLowerCase())
  let score = 0
  for (const word of words) {
    const here = (inHeading.includes(word) ? 8 : 0) + (inPage.includes(word) ? 4 : 0) + (inText.includes(word) ? 1 : 0)
    if (here === 0) return 0
    score += here
  }
  return score
}

function item({ path, page, heading, text }, words) {
  const link = document.createElement('a')
  link.href = path
  const title = document.createElement('strong')
  title.textContent = heading === '' ? page : `${page} › ${heading}`
  const around = document.createElement('span')
  const first = Math.max(0, ...words.map(word => text.toLowerCase().indexOf(word)))
  around.textContent = `${first > 60 ? '…' : ''}${text.slice(Math.max(0, first - 60), first + 140)}`
  link.append(title, around)
  link.addEventListener('click', () => dialog.close())
  const entry = document.createElement('li')
  entry.append(link)
  return entry
}

/** Up and down go through what was found, as they do in a menu. */
function move(event) {
  const links = [...list.querySelectorAll('a')]
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step === undefined || links.length === 0) return
  event.preventDefault()
  const at = links.indexOf(document.activeElement) + step
  if (at < 0) field.focus()
  else links[Math.min(at, links.length - 1)].focus()
}

document.querySelector('.search-button').addEventListener('click', open)
field.addEventListener('input', () => void show())
dialog.addEventListener('keydown', move)
dialog.querySelector('form').addEventListener('submit', event => {
  event.preventDefault()
  list.querySelector('a')?.click()
})
dialog.addEventListener('click', event => {
  if (event.target === dialog) dialog.close()
})
addEventListener('keydown', event => {
  const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? '')
  const isWanted = (event.key === '/' && !isTyping) || (event.key === 'k' && (event.ctrlKey || event.metaKey))
  if (!isWanted || dialog.open) return
  event.preventDefault()
  open()
})
