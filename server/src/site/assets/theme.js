// Before anything is painted: the colours that the reader chose, here or in the API reference, else those of the system.
;(() => {
  let chosen = null
  try {
    chosen = localStorage.getItem('colorMode')
  } catch {
    // Storage is forbidden: the system's colours.
  }
  if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset.theme = chosen
})()
