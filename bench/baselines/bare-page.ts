// The baseline of the first page: node:http with one page of a heading, a style and a script, whose every byte is in memory, and
// no question. Prints its port on the first line of stdout.
//
//   node bench/baselines/bare-page.ts

import { createServer } from 'node:http'

const files: Record<string, [type: string, text: string]> = {
  '/': [
    'text/html; charset=utf-8',
    '<!doctype html><html lang="en"><title>Bare</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css">' +
      '<script type="module" src="/page.js"></script><main id="content"></main></html>',
  ],
  '/page.css': ['text/css', 'body { font-family: system-ui }'],
  '/page.js': [
    'text/javascript',
    'document.querySelector("#content").innerHTML = "<h2>Here</h2><button>Go on</button>"',
  ],
}

const server = createServer((request, response) => {
  const [type, text] = files[request.url ?? ''] ?? ['text/plain', 'nothing']
  const caching = request.url === '/' ? 'no-store' : 'public, max-age=31536000, immutable'
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(text), 'cache-control': caching })
  response.end(text)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(address.port)
})
process.on('disconnect', () => process.exit())
