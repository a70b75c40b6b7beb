// The door of the contract: what an event is on the wire, and nothing else. Pure: it imports nothing, reads no clock,
// and runs wherever standard JavaScript does. The API checks every body with `checkBody`; the pipeline reads the same
// bodies with `readEvents` and `normalise`, and tells repeated events by `identityOf`. The lists (limits, fields, rules,
// codes, flags) are what the reference documents are tested against.

export { decimalOf, sameAmount } from './amount.ts'
export {
  type BodyOutcome,
  checkBody,
  checkDryRun,
  checkPartial,
  type EventErrors,
  type PartialOutcome,
} from './check.ts'
export { type Code, type CodeEntry, codes } from './codes.ts'
export type { Event } from './event.ts'
export { type Field, type FieldKind, fields, type Required } from './fields.ts'
export { type Flag, flags } from './flags.ts'
export { type Identity, type IdentityKind, type IdentityOrigin, identityOf } from './identity.ts'
export { limits } from './limits.ts'
export { type MisspelledField, misspelledFields } from './misspelled.ts'
export { fold, isMoneyEvent, isNearMiss, knownEventNames, type MoneyEventName, moneyEventNames } from './names.ts'
export { normalise, readEvents, type SentBody, type SentEvent } from './normalise.ts'
export { type Outcome, outcomes } from './outcomes.ts'
export { type Rule, rules } from './rules.ts'
export type { BodyKind } from './scan.ts'
export { idText, isMissing } from './values.ts'
export { type Violation, visible } from './violation.ts'
