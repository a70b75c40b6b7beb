// The secret of a key: how it is made, and the two things that are kept of it, a hash and its first characters.
// 200 random bits, so a plain SHA-256 is enough: there is nothing to guess, and no salt to keep apart.

import { createHash, randomBytes } from 'node:crypto'

/** Longer than any secret we make; what is longer than this is not hashed at all. */
export const secretCharactersMax = 128

const prefixCharacters = 12
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** `dp_live_` or `dp_test_` and 40 characters. */
export function makeSecret(mode: 'live' | 'test'): string {
  return `dp_${mode}_${randomBase32(40)}`
}

/** `key_` and 12 characters: 60 bits, unique among the keys of an installation. */
export function makeKeyId(): string {
  return `key_${randomBase32(12)}`
}

export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex')
}

/** The form in which a key is shown everywhere but on the day it was made. */
export function shortenSecret(secret: string): string {
  return secret.slice(0, prefixCharacters)
}

function randomBase32(characters: number): string {
  let text = ''
  // 256 is a multiple of 32, so each character is equally likely.
  for (const byte of randomBytes(characters)) text += alphabet[byte & 31]
  return text
}
