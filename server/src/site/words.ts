// What the site says around the documents, in its languages.

export type Language = 'en' | 'zh-Hant'
export type SectionName = 'guides' | 'reference' | 'operating'

/** `prefix` goes before the path of a document. */
export const languages: Record<Language, { prefix: string; own: string }> = {
  en: { prefix: '', own: 'English' },
  'zh-Hant': { prefix: '/zh-Hant', own: '繁體中文' },
}

export type Words = {
  tagline: string
  lead: string
  docs: string
  menu: string
  skip: string
  theme: string
  search: string
  nothingFound: string
  language: string
  onThisPage: string
  next: string
  previous: string
  copy: string
  copied: string
  notTranslated: string
  notFound: string
  notFoundText: string
  home: string
  apiReference: string
  apiReferenceText: string
  document: string
  documentText: string
  anchor: string
  sections: Record<SectionName, string>
}

export const words: Record<Language, Words> = {
  en: {
    tagline: 'Every event, durable and counted once',
    lead: 'Send what your users do as it happens. A 200 means that it survives a power cut; a retry is never counted twice; what became of each event can be asked for.',
    docs: 'Documentation',
    menu: 'Menu',
    skip: 'Skip to the text',
    theme: 'Light or dark',
    search: 'Search',
    nothingFound: 'Nothing has all of these words.',
    language: 'Language',
    onThisPage: 'On this page',
    next: 'Next',
    previous: 'Previous',
    copy: 'Copy',
    copied: 'Copied',
    notTranslated: '',
    notFound: 'There is no such page',
    notFoundText: 'It may have been renamed. Everything that there is is listed in the menu.',
    home: 'To the first page',
    apiReference: 'API reference',
    apiReferenceText: 'Every endpoint, field, limit and error, with an example of each. Try it with a key of yours.',
    document: 'OpenAPI document',
    documentText: 'The same for programs: OpenAPI 3.1, as JSON.',
    anchor: 'Link to this section',
    sections: { guides: 'Sending events', reference: 'Reference', operating: 'Running the server' },
  },
  'zh-Hant': {
    tagline: '每一筆事件都不遺失，且只計一次',
    lead: '使用者一有動作就送出事件。回應 200 表示斷電也不會遺失；重送絕不重複計算；每一筆事件的處理結果都查得到。',
    docs: '文件',
    menu: '選單',
    skip: '跳到內文',
    theme: '淺色或深色',
    search: '搜尋',
    nothingFound: '找不到同時包含這些字詞的內容。',
    language: '語言',
    onThisPage: '本頁內容',
    next: '下一頁',
    previous: '上一頁',
    copy: '複製',
    copied: '已複製',
    notTranslated: '英文',
    notFound: '找不到此頁面',
    notFoundText: '頁面可能已改名。所有頁面都列在選單中。',
    home: '回首頁',
    apiReference: 'API 參考',
    apiReferenceText: '所有端點、欄位、限制與錯誤，每一項都附範例，並可用您的金鑰直接試用。',
    document: 'OpenAPI 文件',
    documentText: '供程式讀取的版本：OpenAPI 3.1，JSON 格式。',
    anchor: '本節連結',
    sections: { guides: '傳送事件', reference: '參考', operating: '營運伺服器' },
  },
}
