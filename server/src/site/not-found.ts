// Where the pages are that are shown where there is none, of each language.

import type { Language } from './words.ts'

export const notFoundPaths: Record<Language, string> = { en: '/docs/not-found', 'zh-Hant': '/docs/zh-Hant/not-found' }
