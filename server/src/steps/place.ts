// Step: country and city, from the address that the event names. What a database says of an address comes in as it is:
// records of MaxMind's form (`country.iso_code`, `city.names.en`) and of ip-location-db's (`country_code`, `city`).

/** `country` is ISO 3166-1 alpha-2, upper case; `city` in English. Empty where it is not known. */
export type Place = { country: string; city: string }

/** Records of the databases for one address, null where there is none. Never throws. */
export type FindRecords = (ipAddress: string) => { country: unknown; city: unknown }

export const nowhereKnown: Place = { country: '', city: '' }

/** @param find asks the databases; an IPv4 address in its IPv6 form is asked for as what it is */
export function placeOf(ipAddress: string, find: FindRecords): Place {
  if (ipAddress === '') return nowhereKnown
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ipAddress)
  const { country, city } = find(mapped?.[1] ?? ipAddress)
  // Who configures a city database has chosen it: its country goes before the one that comes with the program.
  const code = countryIn(city) || countryIn(country)
  const name = cityIn(city)
  return code === '' && name === '' ? nowhereKnown : { country: code, city: name }
}

function countryIn(record: unknown): string {
  const { country_code: flat, country } = (record ?? {}) as { country_code?: unknown; country?: unknown }
  const code = flat ?? (country as { iso_code?: unknown } | undefined)?.iso_code
  return typeof code === 'string' && /^[A-Za-z]{2}$/.test(code) ? code.toUpperCase() : ''
}

function cityIn(record: unknown): string {
  const { city } = (record ?? {}) as { city?: unknown }
  const name = typeof city === 'string' ? city : (city as { names?: { en?: unknown } } | undefined)?.names?.en
  return typeof name === 'string' ? name.trim() : ''
}
