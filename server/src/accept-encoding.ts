// Which form of a reply its reader takes, by the header Accept-Encoding (RFC 9110, 12.5.3): what is named counts by its weight,
// `*` stands for all that is not named, and without the header nothing is compressed.

/** The one of `offered` with the greatest weight, the first of equals; null for as it is. */
export function chooseEncoding<Coding extends string>(
  sent: string | readonly string[] | undefined,
  offered: readonly Coding[],
): Coding | null {
  const weights = new Map(
    String(sent ?? '')
      .split(',')
      .map(readPart),
  )
  const weightOf = (coding: Coding) => weights.get(coding) ?? weights.get(`x-${coding}`) ?? weights.get('*') ?? 0
  const [best] = offered.filter(coding => weightOf(coding) > 0).toSorted((a, b) => weightOf(b) - weightOf(a))
  return best ?? null
}

/** A weight that is none counts as 0: what is not understood is not sent. */
function readPart(part: string): [coding: string, weight: number] {
  const [coding = '', ...parameters] = part
    .toLowerCase()
    .split(';')
    .map(text => text.trim())
  const weight = parameters.find(text => /^q\s*=/.test(text))
  if (weight === undefined) return [coding, 1]
  const value = weight.replace(/^q\s*=\s*/, '')
  return [coding, /^(0(\.\d*)?|1(\.0*)?)$/.test(value) ? Number(value) : 0]
}
