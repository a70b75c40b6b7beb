// Where a test runs a program: on this machine, at loopback, or on one of its own (test/harness/network.ts).

export type Machine = {
  address: string
  /** The words by which a program is started there. */
  command(words: string[]): string[]
}

export const thisMachine: Machine = { address: '127.0.0.1', command: words => words }
