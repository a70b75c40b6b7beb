// What was asked for before there was a page (first.ts) is waited for, but not for long: the page is drawn with what is there by
// then, and the rest takes its place as it comes. Each of the steps in which a page is drawn takes a browser long.

import type { QueryClient } from '@tanstack/react-query'
import { daysAt } from './days.ts'
import { keptConverted, noProduct } from './paths.ts'
import {
  diagnosisQuestion,
  hoursQuestion,
  keysQuestion,
  minuteQuestion,
  moneyQuestion,
  productsQuestion,
  ratesQuestion,
  sessionQuestion,
  standingQuestion,
} from './questions.ts'
import { isSignedIn } from './signed-in.ts'

/** For so long nothing at all is better than what stands in for it. */
const blankMsMax = 250

export async function awaitFirstAnswers(client: QueryClient): Promise<void> {
  if (!isSignedIn()) return
  const asked: Promise<void>[] = [client.prefetchQuery(sessionQuestion), client.prefetchQuery(productsQuestion)]
  const product = productOf(location.hash)
  if (product !== null) {
    const days = daysAt(Date.now())
    asked.push(
      client.prefetchQuery(hoursQuestion(product, new Date(days.yesterdayMs).toISOString())),
      client.prefetchQuery(moneyQuestion(product, days, localStorage.getItem(keptConverted) === 'yes')),
      client.prefetchQuery(ratesQuestion),
      client.prefetchQuery(standingQuestion),
      client.prefetchQuery(minuteQuestion(product)),
      client.prefetchQuery(keysQuestion(product)),
      client.prefetchQuery(diagnosisQuestion(product, 'live', '24h')),
    )
  }
  await Promise.race([Promise.all(asked), new Promise(resolve => setTimeout(resolve, blankMsMax))])
}

/** null on another page, and where no product is named. */
function productOf(address: string): string | null {
  const [, name = noProduct, page] = address.split(/[/?]/)
  if (name === noProduct || page !== 'overview') return null
  try {
    return decodeURIComponent(name)
  } catch {
    return null
  }
}
