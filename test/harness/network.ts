// A network of a test's own: machines that are network namespaces, joined by one bridge, and lines between them that can be
// cut, so that what is sent is never heard of. All of it lives in namespaces that tools/test.ts makes for the suite: nothing
// is seen of it from outside, and it ends, with every process in it, when the suite does.

import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import type { Machine } from '../../server/src/testing/machine.ts'

/** Why a test that needs machines is skipped, or false. */
export const skipWithoutNetwork =
  process.env['DATAPULSE_TEST_NETWORK'] === '1' ? false : 'needs namespaces of its own: npm test -- machines, as root'

export class Network {
  /** Where the test itself is. */
  readonly here: Machine = { address: '10.77.0.1', command: words => words }
  #names: string[] = []
  #cut: [string, string][] = []

  constructor() {
    // The names of namespaces are files: these are nobody else's.
    mkdirSync('/run/netns', { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/run/netns'])
    ip('link set lo up')
    ip('link add switch type bridge')
    ip(`addr add ${this.here.address}/24 dev switch`)
    ip('link set switch up')
  }

  machine(name: string): Machine {
    const address = `10.77.0.${11 + this.#names.length}`
    this.#names.push(name)
    ip(`netns add ${name}`)
    ip(`link add to-${name} type veth peer name eth0 netns ${name}`)
    ip(`link set to-${name} master switch up`)
    ip(`-n ${name} addr add ${address}/24 dev eth0`)
    for (const device of ['lo', 'eth0']) ip(`-n ${name} link set ${device} up`)
    return { address, command: words => ['ip', 'netns', 'exec', name, ...words] }
  }

  /** Nothing goes from one to the others any more, nor back. */
  cut(one: string, ...others: string[]): void {
    for (const other of others)
      for (const [from, to] of [
        [one, other],
        [other, one],
      ] as const) {
        ip(`-n ${from} route add blackhole ${this.#addressOf(to)}`)
        this.#cut.push([from, to])
      }
  }

  /** Every line is whole again. */
  heal(): void {
    for (const [from, to] of this.#cut.splice(0)) ip(`-n ${from} route del blackhole ${this.#addressOf(to)}`)
  }

  close(): void {
    for (const name of this.#names) ip(`netns del ${name}`)
    ip('link del switch')
    execFileSync('umount', ['-l', '/run/netns'])
  }

  #addressOf(name: string): string {
    return `10.77.0.${11 + this.#names.indexOf(name)}`
  }
}

function ip(words: string): void {
  execFileSync('ip', words.split(' '), { stdio: ['ignore', 'ignore', 'inherit'] })
}
