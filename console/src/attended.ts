// Whether a person is at this page: a session lasts for what a person does, and not for what the page asks by itself.

/** Opening the page counts. */
let touchedMs = performance.now()
/** As often as the server writes down that a session was used. */
const recentMs = 60_000

export function touch(): void {
  touchedMs = performance.now()
}

export function isAttended(): boolean {
  return performance.now() - touchedMs < recentMs
}
