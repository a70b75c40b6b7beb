// A request that was composed, in the languages of the guides, with this server's address. Where the key goes stands a word in
// capitals; no key is ever put here.

export const snippetLanguages = ['curl', 'TypeScript', 'Python', 'PHP', 'Java', 'Go'] as const
export type SnippetLanguage = (typeof snippetLanguages)[number]

/** Of a text that is sent as it is: be it JSON or not. `headers`: beside type and key. */
export type SentText = { url: string; headers: Record<string, string>; text: string }

export function textSnippetOf(language: SnippetLanguage, { url, headers, text }: SentText): string {
  const body = {
    curl: quoted(text),
    TypeScript: scriptText(text),
    Python: `${JSON.stringify(text)}.encode()`,
    PHP: phpText(text),
    Java: JSON.stringify(text),
    Go: goText(text),
  }[language]
  return requestIn[language]({ url, headers: Object.entries(headers), body })
}

const ownHeaders = [
  ['Content-Type', 'application/json'],
  ['X-API-Key', 'YOUR_API_KEY'],
] as const

type Parts = { url: string; headers: [name: string, value: string][]; body: string }

const requestIn: Record<SnippetLanguage, (parts: Parts) => string> = {
  curl: ({ url, headers, body }) => `curl ${quoted(url)} \\
  -H 'Content-Type: application/json' \\
  -H 'X-API-Key: YOUR_API_KEY' \\
${headers.map(([name, value]) => `  -H ${quoted(`${name}: ${value}`)} \\\n`).join('')}  --data-raw ${body}`,
  TypeScript: ({ url, headers, body }) => `const reply = await fetch('${url}', {
  method: 'POST',
  headers: { ${[...ownHeaders, ...headers].map(([name, value]) => `'${name.toLowerCase()}': ${scriptText(value)}`).join(', ')} },
  body: ${body},
})
console.log(reply.status, await reply.json())`,
  Python: ({ url, headers, body }) => `import urllib.error, urllib.request

request = urllib.request.Request(
    "${url}",
    data=${body},
    headers={"Content-Type": "application/json", "X-API-Key": "YOUR_API_KEY"${headers
      .map(([name, value]) => `, "${name}": ${JSON.stringify(value)}`)
      .join('')}},
)
try:
    reply = urllib.request.urlopen(request, timeout=10)
except urllib.error.HTTPError as error:
    reply = error
print(reply.status, reply.read().decode())`,
  PHP: ({ url, headers, body }) => `<?php
$reply = file_get_contents('${url}', false, stream_context_create(['http' => [
    'method' => 'POST',
    'header' => [
        'Content-Type: application/json',
        'X-API-Key: YOUR_API_KEY',
${headers.map(([name, value]) => `        ${phpText(`${name}: ${value}`)},\n`).join('')}    ],
    'content' => ${body},
    'timeout' => 10,
    'ignore_errors' => true,
]]));
echo $reply, PHP_EOL;`,
  Java: ({ url, headers, body }) => `import java.net.URI;
import java.net.http.*;

public class SendEvent {
  public static void main(String[] args) throws Exception {
    var request = HttpRequest.newBuilder(URI.create("${url}"))
        .header("Content-Type", "application/json")
        .header("X-API-Key", "YOUR_API_KEY")
${headers.map(([name, value]) => `        .header("${name}", ${JSON.stringify(value)})\n`).join('')}        .POST(HttpRequest.BodyPublishers.ofString(${body}))
        .build();
    var reply = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    System.out.println(reply.statusCode() + " " + reply.body());
  }
}`,
  Go: ({ url, headers, body }) => `package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

func main() {
	body := ${body}
	request, _ := http.NewRequest("POST", "${url}", strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-API-Key", "YOUR_API_KEY")
${headers.map(([name, value]) => `	request.Header.Set("${name}", ${JSON.stringify(value)})\n`).join('')}	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer reply.Body.Close()
	text, _ := io.ReadAll(reply.Body)
	fmt.Println(reply.StatusCode, string(text))
}`,
}

/** For a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function scriptText(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1)
  return `'${inner.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

function phpText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

/** As it is where Go can take it so, else with escapes. */
function goText(text: string): string {
  return /[`\r]/.test(text) ? JSON.stringify(text) : `\`${text}\``
}
