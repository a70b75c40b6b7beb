// Values as the server's configuration has them, so that a line can be copied and changed: 7d, 20GiB.

const lengths = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const

const sizes = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
  ['', 1],
] as const

export function configuredLength(ms: number): string {
  return inLargest(ms, lengths)
}

export function configuredSize(bytes: number): string {
  return inLargest(bytes, sizes)
}

/** By the largest unit of which it is a whole number. */
function inLargest(value: number, units: readonly (readonly [name: string, size: number])[]): string {
  const [name, size] = units.find(([, one]) => value >= one && value % one === 0) ?? units.at(-1)!
  return `${value / size}${name}`
}
