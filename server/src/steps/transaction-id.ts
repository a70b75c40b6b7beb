// Step: an id for an event that came without a transaction_id. It is made of the event's place, which is its own for
// ever, so that nothing needs to be stored, and whoever has the id can find the event by it.
//
//   dp-<request id>-<position>      dp-0199f2d4-5a31-7c7e-9d3e-3c1f6f0b8a55-0

/** @example generatedTransactionId('0199f2d4-5a31-7c7e-9d3e-3c1f6f0b8a55', 0) */
export function generatedTransactionId(requestId: string, position: number): string {
  return `dp-${requestId}-${position}`
}

/** The place of the event whose generated id this is; null for any other text. */
export function placeOfTransactionId(id: string): { requestId: string; position: number } | null {
  const match = pattern.exec(id)
  return match === null ? null : { requestId: match[1] as string, position: Number(match[2]) }
}

const pattern = /^dp-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})-(0|[1-9]\d{0,8})$/
