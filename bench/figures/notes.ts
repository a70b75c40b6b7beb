// Sentences that belong beside a number.

/** A number counts only 200s; this says when there was anything else. */
export function failureNotes(failures: number): string[] {
  return failures === 0 ? [] : [`${failures} requests were not answered 200 (not counted in the rate).`]
}

/** Beyond two thirds the generator would not reach 1.5 times the rate by itself. */
const shareMax = 1 / 1.5

export function generatorNotes(busyShareMax: number): string[] {
  const limit = busyShareMax > shareMax ? ': more than two thirds, so it may be the limit' : ''
  return [`The load generator used at most ${Math.round(busyShareMax * 100)}% of its core${limit}.`]
}
