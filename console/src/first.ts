// Where the console begins in the browser: it asks whether there is a session, and what its first page shows, while everything
// else is on its way. Without a session nothing more is asked; the page itself says where there is one (a link from elsewhere
// opens it without the cookie, and then it does not know).

import { touch } from './attended.ts'
import { daysAt } from './days.ts'
import { begin } from './early.ts'
import { type Guess, keptConverted, keptProduct, noProduct, paths } from './paths.ts'
import { isSignedIn } from './signed-in.ts'

for (const name of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'])
  addEventListener(name, touch, { capture: true, passive: true })
void begun().catch(() => null)
void import('./main.tsx')

async function begun(): Promise<void> {
  const session = begin(paths.session)
  if (!isSignedIn()) {
    const { role } = (await (await session).clone().json()) as { role: string | null }
    if (role === null) return
  }
  void begin(paths.products)
  const [, asked, page = 'overview'] = location.hash.split(/[/?]/)
  const product =
    asked === undefined || asked === noProduct ? localStorage.getItem(keptProduct) : decodeURIComponent(asked)
  if (product === null || page !== 'overview') return
  if (asked === undefined) history.replaceState({ usr: { isGuess: true } satisfies Guess }, '', `#/${product}/overview`)
  for (const path of [
    paths.diagnosis(product, 'live', '24h'),
    paths.status,
    paths.minute(product),
    paths.keys(product),
    paths.rates,
  ])
    void begin(path)
  // To find out where one is takes a browser long: behind what can be asked without it.
  const days = daysAt(Date.now())
  void begin(paths.hours(product, new Date(days.yesterdayMs).toISOString()))
  void begin(paths.money(product, days, localStorage.getItem(keptConverted) === 'yes'))
}
