// Step: what a user agent string says of device, operating system and program. ua-parser-js reads it; the names of the
// classes are ours. Strings repeat, so the latest answers are kept.

import { lru } from 'tiny-lru'
import UAParser from 'ua-parser-js'

/** As in dry run. `Unknown` where the string does not say. */
export type UserAgentInfo = {
  device_class: string
  device_name: string
  operating_system_name: string
  operating_system_version: string
  agent_name: string
  agent_class: string
}

/** So many different strings are remembered. */
const remembered = 10_000
/** A longer one is read up to here: what matters comes first, and reading costs by length. */
const charactersRead = 512

/**
 * null for an empty string.
 * @example userAgentInfo('Mozilla/5.0 (Linux; Android 13; SM-G991B) AppleWebKit/537.36')?.device_name // 'Samsung SM-G991B'
 */
export function userAgentInfo(userAgent: string): UserAgentInfo | null {
  if (userAgent === '') return null
  const text = userAgent.slice(0, charactersRead)
  const known = cache.get(text)
  if (known !== undefined) return known
  const info = read(text)
  cache.set(text, info)
  return info
}

const cache = lru<UserAgentInfo>(remembered)
const unknown = 'Unknown'

function read(text: string): UserAgentInfo {
  const { browser, device, os } = new UAParser(text).getResult()
  const robot = robotIn(text)
  const tool = browser.name === undefined ? toolIn(text) : null
  const deviceClass = robot === null ? classOfDevice(device.type, os.name) : 'Robot'
  return {
    device_class: deviceClass,
    device_name: [device.vendor, device.model].filter(Boolean).join(' ') || deviceClass,
    operating_system_name: os.name ?? unknown,
    operating_system_version: os.version ?? unknown,
    agent_name: robot ?? tool ?? agentName(browser.name, os.name),
    agent_class: robot !== null ? 'Robot' : tool !== null ? 'Library' : agentClass(browser.name, text),
  }
}

const deviceClasses: Record<string, string> = {
  mobile: 'Mobile',
  tablet: 'Tablet',
  smarttv: 'TV',
  console: 'Game Console',
  wearable: 'Wearable',
  embedded: 'Embedded',
}

function classOfDevice(type: string | undefined, system: string | undefined): string {
  if (type !== undefined) return deviceClasses[type] ?? unknown
  if (system === undefined) return unknown
  return system === 'Android' || system === 'iOS' ? 'Mobile' : 'Desktop'
}

/** Android's own view names no browser: what is left is the engine. */
function agentName(browser: string | undefined, system: string | undefined): string {
  if (system === 'Android' && (browser === 'WebKit' || browser === 'Android Browser')) return 'Android'
  return browser ?? unknown
}

function agentClass(browser: string | undefined, text: string): string {
  if (browser === undefined) return unknown
  return inApp.test(text) ? 'Browser Webview' : 'Browser'
}

/** The name of a program that says it is one that crawls. */
function robotIn(text: string): string | null {
  return /\b([\w.-]*(?:bot|crawler|spider|slurp|facebookexternalhit))\b(?=[/ ;)]|$)/i.exec(text)?.[1] ?? null
}

/** The name of a program that is no browser: the first product of the string. */
function toolIn(text: string): string | null {
  return /^(?!Mozilla\/)([A-Za-z][\w.+-]*)\/\d/.exec(text)?.[1] ?? null
}

const inApp = /; wv\)|\bFBA[NV]\/|\bFB_IAB\/|\bInstagram |\bLine\/|MicroMessenger\//
