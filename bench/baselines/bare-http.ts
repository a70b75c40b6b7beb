// The baseline of the door: node:http with nothing of ours. Reads the body and replies with a body like ours. With
// `--parse` it also does JSON.parse on the body and looks at the result. Prints its port on the first line of stdout.
//
//   node bench/baselines/bare-http.ts [--parse]

import { createServer } from 'node:http'

const parses = process.argv.includes('--parse')
const reply = Buffer.from('{"status":"success","request_id":"0190c3f0-7b1e-7a64-8c6f-2f9f6a1d3b5e","accepted":1}')

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
    const status = parses && !isObject(JSON.parse(body.toString())) ? 400 : 200
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': reply.length })
    response.end(reply)
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(address.port)
})
process.on('disconnect', () => process.exit())

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}
