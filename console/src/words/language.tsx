// Which language the console speaks: as chosen and remembered, else as the browser asks. Numbers, money and times are told as
// that language has them.

import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react'
import { en, type Words } from './en.ts'
import { zhHant } from './zh-hant.ts'

export const languages = { en: 'English', 'zh-Hant': '繁體中文' } as const
export type Language = keyof typeof languages

type Speech = { language: Language; words: Words; tell: Tell; choose(language: Language): void }

const kept = 'datapulse-language'
const Speaking = createContext<Speech | null>(null)

export function Speaker({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(readLanguage)
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  const speech = useMemo(
    () => ({
      language,
      words: language === 'en' ? en : zhHant,
      tell: tellIn(language),
      choose(chosen: Language) {
        localStorage.setItem(kept, chosen)
        setLanguage(chosen)
      },
    }),
    [language],
  )
  return <Speaking value={speech}>{children}</Speaking>
}

export function useSpeech(): Speech {
  const speech = use(Speaking)
  if (speech === null) throw new Error('A page must be within a Speaker')
  return speech
}

export type Tell = ReturnType<typeof tellIn>

function tellIn(language: Language) {
  const locale = language === 'en' ? (navigator.languages.find(one => one.startsWith('en')) ?? 'en') : 'zh-Hant-TW'
  const number = once(() => new Intl.NumberFormat(locale))
  const short = once(() => new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }))
  const share = once(() => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 }))
  const moment = once(
    () => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' }),
  )
  const clock = once(() => new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }))
  const compact = once(() => new Intl.NumberFormat(locale, { notation: 'compact', maximumSignificantDigits: 3 }))
  const day = once(() => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }))
  const shortDay = once(() => new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric', timeZone: 'UTC' }))
  const shortDate = once(() => new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric' }))
  const exactClock = once(() => new Intl.DateTimeFormat(locale, { timeStyle: 'medium', hourCycle: 'h23' }))
  const ago = once(() => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }))
  return {
    number: (value: number) => number().format(value),
    rate: (value: number) => short().format(value),
    share: (value: number) => share().format(value),
    moment: (time: string | number) => moment().format(new Date(time)),
    clock: (time: string | number) => clock().format(new Date(time)),
    shortDate: (time: string | number) => shortDate().format(new Date(time)),
    exactClock: (time: string | number) => exactClock().format(new Date(time)),
    /** Decimal text, told to the cent; a code that is no currency of this world is told as it is. */
    money(amount: string, currency: string): string {
      try {
        const format = new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay: 'code' })
        return format.format(amount as unknown as number)
      } catch {
        return `${new Intl.NumberFormat(locale, { maximumFractionDigits: 8 }).format(amount as unknown as number)} ${currency}`
      }
    },
    /** As `money`, without the currency, where a heading tells it. */
    amount(text: string, currency: string): string {
      return new Intl.NumberFormat(locale, fractionOf(currency)).format(text as unknown as number)
    },
    compact: (value: number) => compact().format(value),
    /** A day as text, such as 2026-06-01, wherever the reader is. */
    day: (text: string) => day().format(new Date(text)),
    shortDay: (text: string) => shortDay().format(new Date(text)),
    days: (first: string, last: string) => day().formatRange(new Date(first), new Date(last)),
    /** How long ago, or how soon. */
    fromNow(time: string, nowMs: number): string {
      const seconds = Math.round((Date.parse(time) - nowMs) / 1_000)
      const size = Math.abs(seconds)
      if (size < 60) return ago().format(seconds, 'second')
      if (size < 3_600) return ago().format(Math.round(seconds / 60), 'minute')
      if (size < 86_400) return ago().format(Math.round(seconds / 3_600), 'hour')
      return ago().format(Math.round(seconds / 86_400), 'day')
    },
    /** Bytes, by the units in which the configuration has them. */
    size(bytes: number): string {
      const step = bytes < 1 ? 0 : Math.min(sizes.length - 1, Math.floor(Math.log2(bytes) / 10))
      return `${short().format(bytes / 1024 ** step)} ${sizes[step]}`
    },
    length(ms: number): string {
      const size = Math.abs(ms)
      const unit = (value: number, name: string) =>
        new Intl.NumberFormat(locale, {
          style: 'unit',
          unit: name,
          unitDisplay: 'short',
          maximumFractionDigits: 1,
        }).format(value)
      if (size < 1_000) return unit(Math.round(ms), 'millisecond')
      if (size < 60_000) return unit(ms / 1_000, 'second')
      if (size < 3_600_000) return unit(ms / 60_000, 'minute')
      return size < 86_400_000 * 2 ? unit(ms / 3_600_000, 'hour') : unit(ms / 86_400_000, 'day')
    },
  }
}

/** Each is slow to make, and a page needs few. */
function once<Made>(make: () => Made): () => Made {
  let made: Made | undefined
  return () => (made ??= make())
}

const sizes = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** To the cent of a currency of this world; eight digits of any other. */
function fractionOf(currency: string): Intl.NumberFormatOptions {
  try {
    const { maximumFractionDigits: most = 2 } = new Intl.NumberFormat('en', {
      style: 'currency',
      currency,
    }).resolvedOptions()
    return { minimumFractionDigits: most, maximumFractionDigits: most }
  } catch {
    return { maximumFractionDigits: 8 }
  }
}

function readLanguage(): Language {
  const chosen = localStorage.getItem(kept)
  if (chosen !== null && chosen in languages) return chosen as Language
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-Hant' : 'en'
}
