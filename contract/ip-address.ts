// Says whether a text is an IP address, and nothing but one: no port, brackets, zone, list, prefix or whitespace.
// IPv4 is four decimal numbers without leading zeros; IPv6 is RFC 4291's text form, `::` and a trailing IPv4 included.

export function isIpAddress(text: string): boolean {
  const length = text.length
  if (length < 2 || length > 45) return false
  return text.includes(':') ? isIpv6(text) : isIpv4(text, 0)
}

function isIpv4(text: string, from: number): boolean {
  let parts = 0
  let value = -1
  for (let i = from; i <= text.length; i++) {
    const c = i === text.length ? 46 : text.charCodeAt(i)
    if (c === 46) {
      if (value < 0) return false
      parts++
      value = -1
    } else if (c >= 48 && c <= 57) {
      if (value === 0) return false
      value = (value < 0 ? 0 : value * 10) + c - 48
      if (value > 255) return false
    } else return false
  }
  return parts === 4
}

function isIpv6(text: string): boolean {
  const length = text.length
  let groups = 0
  let gap = false
  let i = 0
  if (text.charCodeAt(0) === 58) {
    if (text.charCodeAt(1) !== 58) return false
    gap = true
    i = 2
  }
  while (i < length) {
    const start = i
    while (i < length && isHexDigit(text.charCodeAt(i))) i++
    if (i < length && text.charCodeAt(i) === 46) {
      return isIpv4(text, start) && (gap ? groups + 2 < 8 : groups + 2 === 8)
    }
    if (i === start || i - start > 4) return false
    groups++
    if (i === length) break
    if (text.charCodeAt(i) !== 58) return false
    i++
    if (i === length) return false
    if (text.charCodeAt(i) === 58) {
      if (gap) return false
      gap = true
      i++
    }
  }
  return gap ? groups < 8 : groups === 8
}

function isHexDigit(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 97 && c <= 102) || (c >= 65 && c <= 70)
}
