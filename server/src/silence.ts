// How long a role has not answered, in questions and not by the clock: when the machine or the supervisor slept, nobody
// was asked. A short silence is nothing (a busy machine, a debugger); a long one is told once; a very long one ends it.

import { limits } from './limits.ts'

export class Silence {
  /** Questions without an answer since the last one. */
  asks = 0

  hear(answered: boolean): 'fine' | 'warn' | 'kill' {
    this.asks = answered ? 0 : this.asks + 1
    if (this.asks * limits.roleAskMs === limits.roleSilentMsMax) return 'kill'
    return this.asks * limits.roleAskMs === limits.roleSilentWarnMs ? 'warn' : 'fine'
  }
}
