// What a page of the documentation does beside being read: colours by choice, code to copy, and where one is in it.

const { body, documentElement } = document

function isDark() {
  const { theme } = documentElement.dataset
  return theme === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark'
}

for (const button of document.querySelectorAll('button.theme'))
  button.addEventListener('click', () => {
    const theme = isDark() ? 'light' : 'dark'
    documentElement.dataset.theme = theme
    body.classList.toggle('dark-mode', theme === 'dark')
    body.classList.toggle('light-mode', theme === 'light')
    try {
      localStorage.setItem('colorMode', theme)
    } catch {
      // It holds for this page.
    }
  })

for (const block of document.querySelectorAll('.code')) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'copy'
  button.textContent = body.dataset.copy
  const say = () => {
    button.textContent = body.dataset.copied
    setTimeout(() => {
      button.textContent = body.dataset.copy
    }, 1500)
  }
  button.addEventListener('click', () => void copy(block.querySelector('code').textContent).then(say))
  block.append(button)
}

/** Browsers give their clipboard to https and to this machine alone; elsewhere the old way is left. */
async function copy(text) {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

const links = new Map([...document.querySelectorAll('.contents a')].map(link => [link.hash.slice(1), link]))
if (links.size > 0) {
  const headings = [...links.keys()].map(id => document.getElementById(decodeURIComponent(id))).filter(Boolean)
  const mark = () => {
    const passed = headings.filter(heading => heading.getBoundingClientRect().top < 120)
    const current = (passed.at(-1) ?? headings[0])?.id
    for (const [id, link] of links) {
      if (decodeURIComponent(id) === current) link.setAttribute('aria-current', 'true')
      else link.removeAttribute('aria-current')
    }
  }
  addEventListener('scroll', mark, { passive: true })
  mark()
}
