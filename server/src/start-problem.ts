// Why a part cannot start, where that is nobody's bug: a sentence that says what to do. It is told without a stack.

import { type Config, options } from './config.ts'

export class StartProblem extends Error {
  readonly code: string

  constructor(code: string, sentence: string, cause?: unknown) {
    super(sentence, { cause })
    this.code = code
  }
}

/** Opens what listens on a port; an address that cannot be had is told with the option that names it. */
export async function openPort<Opened>(
  config: Config,
  [hostName, portName]: ['host', 'port'] | ['adminHost', 'adminPort'],
  open: () => Promise<Opened>,
): Promise<Opened> {
  try {
    return await open()
  } catch (cause) {
    const { code = '' } = cause as { code?: string }
    const host = config[hostName]
    const why = whyNot(code, host, sayOption(options[hostName]), sayOption(options[portName]))
    if (why === null) throw cause
    const at = `${host.includes(':') ? `[${host}]` : host}:${config[portName]}`
    throw new StartProblem(code, `Cannot listen on ${at} because ${why}.`, cause)
  }
}

function whyNot(code: string, host: string, hostOption: string, portOption: string): string | null {
  switch (code) {
    case 'EADDRINUSE':
      return `another program does: end that one, or choose another port with ${portOption}`
    case 'EACCES':
      return `this user may not listen on that port: choose one above 1023 with ${portOption}`
    case 'EADDRNOTAVAIL':
      return `this machine does not have that address: choose one that it has with ${hostOption}`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} has no address: choose another with ${hostOption}`
    default:
      return null
  }
}

function sayOption({ flag, variable }: { flag: string; variable: string }): string {
  return `--${flag} (${variable})`
}
