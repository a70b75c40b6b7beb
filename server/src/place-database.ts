// The databases that know where an address is, in MaxMind's file format: one of countries, which comes with the program
// (made from what the regional registries publish), and one of cities, which the operator may name. Each is read into
// memory once. The only file that knows the library.

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Reader, type Response } from 'maxmind'
import type { FindRecords } from './steps/place.ts'

/**
 * @param paths '' for the countries that come with the program, and for no cities
 * @throws a sentence naming the file that cannot be read or is no such database
 */
export async function openPlaceDatabases(paths: { country: string; city: string }): Promise<FindRecords> {
  const country = await open(
    'country',
    paths.country === '' ? fileURLToPath(import.meta.resolve(packaged)) : paths.country,
  )
  const city = paths.city === '' ? null : await open('city', paths.city)
  return ipAddress => ({ country: get(country, ipAddress), city: city === null ? null : get(city, ipAddress) })
}

const packaged = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb'

async function open(what: string, path: string): Promise<Reader<Response>> {
  try {
    return new Reader<Response>(await readFile(path))
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`Cannot open the ${what} database because ${path} must be a readable MMDB file: ${got}`, { cause })
  }
}

/** A database of IPv4 alone is not asked for IPv6; one that is damaged at this place knows nothing of it. */
function get(database: Reader<Response>, ipAddress: string): unknown {
  if (database.metadata.ipVersion === 4 && ipAddress.includes(':')) return null
  try {
    return database.get(ipAddress)
  } catch {
    return null
  }
}
