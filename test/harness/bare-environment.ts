// What a program that a test starts has of the test's own environment: where programs are, and compiled code.

const { PATH = '', HOME = '', NODE_COMPILE_CACHE } = process.env

export const bareEnvironment: Record<string, string> = {
  PATH,
  HOME,
  ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }),
}
