// Sentences that belong beside a number.

/** A number counts only 200s; this says when there was anything else. */
export function failureNotes(failures: number): string[] {
  return failures === 0 ? [] : [`${failures} requests were not answered 200 (not counted in the rate).`]
}
