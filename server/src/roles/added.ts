// Two statuses of the same kind, added up.

/** Numbers are added, at whatever depth; of flags all must say yes; what a pair is named by stays. */
export function added(a: unknown, b: unknown): unknown {
  if (typeof a === 'number' && typeof b === 'number') return a + b
  if (typeof a === 'boolean') return a && b
  if (Array.isArray(a) && Array.isArray(b)) return a.map((value, i) => added(value, b[i]))
  if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
    const [one, other] = [a as Record<string, unknown>, b as Record<string, unknown>]
    const names = new Set([...Object.keys(one), ...Object.keys(other)])
    return Object.fromEntries(
      [...names].map(name => [
        name,
        name in one && name in other ? added(one[name], other[name]) : (one[name] ?? other[name]),
      ]),
    )
  }
  return a
}
