// One request that is right, in the languages of the guides, with this server's address. Where the key goes stands a word in
// capitals; no key is ever put here.

export const snippetLanguages = ['curl', 'TypeScript', 'Python', 'PHP', 'Java', 'Go'] as const
export type SnippetLanguage = (typeof snippetLanguages)[number]

const money = new Set(['deposit', 'withdraw', 'bet', 'win', 'loss'])
const results = new Set(['win', 'loss'])

/** Everything that an event of this name must have, and what makes it worth more. */
export function exampleOf(eventName: string, nowMs: number): Record<string, string | number> {
  return {
    event_name: eventName,
    client_user_id: 'user_789',
    timestamp: Math.floor(nowMs / 1_000),
    ip_address: '203.0.113.7',
    ...(money.has(eventName) && {
      transaction_id: 'tx_1001',
      amount: eventName === 'loss' ? -50 : 50,
      currency: 'USD',
    }),
    ...(results.has(eventName) && { parent_transaction_id: 'tx_1000' }),
    ...(eventName === 'bet' && { game_type: 'slot', bet_result: 'win', bet_result_amount: 20 }),
    ...(!money.has(eventName) && {
      click_id: 'click_42',
      user_agent: 'Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36',
    }),
  }
}

export function snippetOf(language: SnippetLanguage, address: string, event: object): string {
  const json = JSON.stringify(event, null, 2)
  const line = JSON.stringify(event)
  const url = `${address}/v2/s2s/event`
  return {
    curl: `curl ${url} \\
  -H 'Content-Type: application/json' \\
  -H 'X-API-Key: YOUR_API_KEY' \\
  -d '${line.replaceAll("'", `'\\''`)}'`,
    TypeScript: `const reply = await fetch('${url}', {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'x-api-key': 'YOUR_API_KEY' },
  body: JSON.stringify(${indent(json, 2)}),
})
console.log(reply.status, await reply.json())`,
    Python: `import json, urllib.request

event = json.loads(r'''${json}''')
request = urllib.request.Request(
    "${url}",
    data=json.dumps(event).encode(),
    headers={"Content-Type": "application/json", "X-API-Key": "YOUR_API_KEY"},
)
with urllib.request.urlopen(request, timeout=10) as reply:
    print(reply.status, reply.read().decode())`,
    PHP: `<?php
$reply = file_get_contents('${url}', false, stream_context_create(['http' => [
    'method' => 'POST',
    'header' => "Content-Type: application/json\\r\\nX-API-Key: YOUR_API_KEY",
    'content' => '${line.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}',
    'timeout' => 10,
    'ignore_errors' => true,
]]));
echo $reply, PHP_EOL;`,
    Java: `import java.net.URI;
import java.net.http.*;

public class SendEvent {
  public static void main(String[] args) throws Exception {
    var request = HttpRequest.newBuilder(URI.create("${url}"))
        .header("Content-Type", "application/json")
        .header("X-API-Key", "YOUR_API_KEY")
        .POST(HttpRequest.BodyPublishers.ofString("""
            ${indent(json.replaceAll('\\', '\\\\'), 12)}
            """))
        .build();
    var reply = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    System.out.println(reply.statusCode() + " " + reply.body());
  }
}`,
    Go: `package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

func main() {
	body := \`${line.replaceAll('`', '')}\`
	request, _ := http.NewRequest("POST", "${url}", strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-API-Key", "YOUR_API_KEY")
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer reply.Body.Close()
	text, _ := io.ReadAll(reply.Body)
	fmt.Println(reply.StatusCode, string(text))
}`,
  }[language]
}

function indent(text: string, spaces: number): string {
  return text.replaceAll('\n', `\n${' '.repeat(spaces)}`)
}
