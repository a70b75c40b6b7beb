// A fix in the languages of the guides, with this server's address: a program that runs as it is, but for the key. Where that goes
// stands a word in capitals, or it comes from the environment; no key is ever put here. Lines that matter are told apart.

import type { Fix } from './fixes.ts'
import type { SnippetLanguage } from './snippets.ts'

export type Line = { text: string; isMarked: boolean }

type Wish = Pick<Fix, 'event' | 'marks' | 'key' | 'clock' | 'again'>

/** Before a line that matters; no text that is sent here has it. */
const mark = '\u0001'
const word = 'YOUR_API_KEY'
/** Where the time goes. */
const timeHole = '\u0002'
const triesMax = 8

export function fixLinesOf(language: SnippetLanguage, address: string, wish: Wish): Line[] {
  const text = writers[language](`${address}/v2/s2s/${wish.again === null ? 'event' : 'batch'}`, wish)
  return text.split('\n').map(line => ({ text: line.replaceAll(mark, ''), isMarked: line.includes(mark) }))
}

/** The body, with its marked lines, each field in a line of its own. */
function jsonOf({ event, marks, clock, again }: Wish): string {
  const fields = Object.entries(event).map(([name, value]) => {
    const told = clock && name === 'timestamp' ? timeHole : JSON.stringify(value)
    return `${marks.includes(name) ? mark : ''}  ${JSON.stringify(name)}: ${told}`
  })
  const object = `{\n${fields.join(',\n')}\n}`
  return again === null ? object : `[${object}]`
}

/** What is told above the code, each line behind the sign of a comment. */
function commentsOf({ key, clock, again }: Wish, sign: string): string {
  const lines = [
    ...(key === null
      ? []
      : [`The key "${plain(key.name)}" begins with ${plain(key.prefix)}, and is 48 characters long.`]),
    ...(clock ? ['Unix time counts in UTC: no time zone is added or taken away.'] : []),
    ...(again?.limit == null
      ? []
      : [`This key may send ${again.limit} requests a minute. A batch of up to 5,000 events is one request.`]),
  ]
  return lines.map(line => `${mark}${sign} ${line}\n`).join('')
}

const writers: Record<SnippetLanguage, (url: string, wish: Wish) => string> = {
  curl(url, wish) {
    const { key, clock, again } = wish
    const json = jsonOf(wish)
    const presented = key === null ? word : '$DATAPULSE_API_KEY'
    const options = [
      ...(again === null ? [] : [`${mark}  --retry ${triesMax} --retry-connrefused --max-time 10 \\`]),
      "  -H 'Content-Type: application/json' \\",
      key === null ? `  -H 'X-API-Key: ${presented}' \\` : `${mark}  -H "X-API-Key: ${presented}" \\`,
    ].join('\n')
    const body = clock
      ? `  -d @- <<EVENTS\n${json.replaceAll(/[\\$`]/g, '\\$&').replaceAll(timeHole, '$(date +%s)')}\nEVENTS`
      : `  -d '${json.replaceAll("'", `'\\''`)}'`
    return `${commentsOf(wish, '#')}${againComment(wish, '#')}curl ${url} \\\n${options}\n${body}`
  },
  TypeScript(url, wish) {
    const { key, again } = wish
    const json = indent(jsonOf(wish).replaceAll(timeHole, 'Date.now()'), again === null ? 2 : 0)
    const comments = commentsOf(wish, '//')
    const readKey =
      key === null
        ? ''
        : `${mark}const key = process.env.DATAPULSE_API_KEY ?? ''
${mark}if (!key.startsWith(${JSON.stringify(key.prefix)}) || key.length !== 48) throw new Error('This is another key')
`
    const headers = `{ 'content-type': 'application/json', 'x-api-key': ${key === null ? `'${word}'` : 'key'} }`
    if (again === null)
      return `${comments}${readKey}const reply = await fetch('${url}', {
  method: 'POST',
  headers: ${headers},
  body: JSON.stringify(${json}),
})
console.log(reply.status, await reply.json())`
    return `import { setTimeout as sleep } from 'node:timers/promises'

${comments}${readKey}const body = JSON.stringify(${json})

for (let tries = 1; ; tries++) {
  const signal = AbortSignal.timeout(10_000)
  const headers = ${headers}
  const reply = await fetch('${url}', { method: 'POST', headers, body, signal }).catch(() => null)
  console.log(reply?.status, await reply?.text())
${mark}  if (reply?.status === 200) break // they are on the server's disk: never send them again
  const helps = reply === null || reply.status === 429 || reply.status >= 500
  if (!helps || tries === ${triesMax}) throw new Error('Not sent: keep the events, with their ids')
${mark}  const seconds = Number(reply?.headers.get('retry-after') ?? 0) + Math.random() * Math.min(60, 0.5 * 2 ** tries)
${mark}  await sleep(1000 * seconds)
}${again.limit === null ? '' : `\n${mark}await sleep(${pauseOf(again.limit)}) // before the next request`}`
  },
  Python(url, wish) {
    const { key, clock, again } = wish
    const json = jsonOf(wish).replaceAll(timeHole, '0')
    const first = again === null ? 'event' : 'events[0]'
    const setTime = clock ? `${mark}${first}["timestamp"] = int(time.time() * 1000)\n` : ''
    const modules = ['json', ...(key ? ['os'] : []), ...(again ? ['random'] : []), ...(clock || again ? ['time'] : [])]
    const imports = `import ${[...modules, ...(again ? ['urllib.error'] : []), 'urllib.request'].join(', ')}\n\n`
    const readKey =
      key === null
        ? ''
        : `${mark}key = os.environ["DATAPULSE_API_KEY"]
${mark}assert key.startswith(${JSON.stringify(key.prefix)}) and len(key) == 48, "This is another key"
`
    const request = `request = urllib.request.Request(
    "${url}",
    data=json.dumps(${again === null ? 'event' : 'events'}).encode(),
    headers={"Content-Type": "application/json", "X-API-Key": ${key === null ? `"${word}"` : 'key'}},
)`
    const head = `${imports}${commentsOf(wish, '#')}${readKey}${again === null ? 'event' : 'events'} = json.loads(r'''${json}''')
${setTime}${request}`
    if (again === null)
      return `${head}
with urllib.request.urlopen(request, timeout=10) as reply:
    print(reply.status, reply.read().decode())`
    return `${head}
for tries in range(1, ${triesMax + 1}):
    wait = 0.0
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            print(reply.status, reply.read().decode())
${mark}            break  # they are on the server's disk: never send them again
    except urllib.error.HTTPError as error:
        print(error.code, error.read().decode())
        if error.code != 429 and error.code < 500:
            raise SystemExit("Not sent: correct the request")
${mark}        wait = float(error.headers.get("Retry-After") or 0)
    except OSError as error:
        print(error)
${mark}    time.sleep(wait + random.random() * min(60, 0.5 * 2**tries))
else:
    raise SystemExit("Not sent: keep the events, with their ids")${
      again.limit === null ? '' : `\n${mark}time.sleep(${pauseOf(again.limit) / 1000})  # before the next request`
    }`
  },
  PHP(url, wish) {
    const { key, clock, again } = wish
    const json = quotedPhp(jsonOf(wish).replaceAll(timeHole, '0'))
    const readKey =
      key === null
        ? ''
        : `${mark}$key = getenv('DATAPULSE_API_KEY');
${mark}if (!str_starts_with($key, ${quotedPhp(key.prefix)}) || strlen($key) !== 48) {
    exit('This is another key');
}
`
    const first = again === null ? '$event' : '$events[0]'
    const body = clock
      ? `${again === null ? '$event' : '$events'} = json_decode(${json}, true);
${mark}${first}['timestamp'] = (int) (microtime(true) * 1000);
$body = json_encode(${again === null ? '$event' : '$events'});
`
      : `$body = ${json};\n`
    const presented = key === null ? `X-API-Key: ${word}"` : 'X-API-Key: $key"'
    const context = `$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => "Content-Type: application/json\\r\\n${presented},
    'content' => $body,
    'timeout' => 10,
    'ignore_errors' => true,
]]);
`
    const head = `<?php\n${commentsOf(wish, '//')}${readKey}${body}${context}`
    if (again === null) return `${head}echo file_get_contents('${url}', false, $context), PHP_EOL;`
    return `${head}for ($tries = 1; ; $tries++) {
    $reply = @file_get_contents('${url}', false, $context);
    $headers = $reply === false ? [] : $http_response_header;
    $status = (int) substr($headers[0] ?? '', 9, 3);
    echo $status, ' ', $reply, PHP_EOL;
${mark}    if ($status === 200) {
${mark}        break; // they are on the server's disk: never send them again
${mark}    }
    if (($status !== 0 && $status !== 429 && $status < 500) || $tries === ${triesMax}) {
        exit('Not sent: keep the events, with their ids');
    }
${mark}    preg_match('/^retry-after: *(\\d+)/im', implode("\\n", $headers), $found);
${mark}    usleep((int) (1e6 * (($found[1] ?? 0) + lcg_value() * min(60, 0.5 * 2 ** $tries))));
}${again.limit === null ? '' : `\n${mark}usleep(${pauseOf(again.limit)} * 1000); // before the next request`}`
  },
  Java(url, wish) {
    const { key, clock, again } = wish
    const escaped = jsonOf(wish).replaceAll('\\', '\\\\').replaceAll('"""', '\\"""')
    const json = indent(clock ? escaped.replaceAll('%', '%%').replaceAll(timeHole, '%d') : escaped, 8)
    const now = clock ? `.formatted(System.currentTimeMillis())` : ''
    const readKey =
      key === null
        ? ''
        : `${mark}    var key = System.getenv("DATAPULSE_API_KEY");
${mark}    if (key == null || !key.startsWith(${JSON.stringify(key.prefix)}) || key.length() != 48)
${mark}      throw new IllegalStateException("This is another key");
`
    const comments = commentsOf(wish, '    //').replaceAll(`${mark}    //`, `${mark}    //`)
    const head = `import java.net.URI;
import java.net.http.*;${again === null ? '' : '\nimport java.time.Duration;'}

public class SendEvent {
  public static void main(String[] args) throws Exception {
${comments}${readKey}    var body = """
        ${json}
        """${now};
    var request = HttpRequest.newBuilder(URI.create("${url}"))
        .header("Content-Type", "application/json")
        .header("X-API-Key", ${key === null ? `"${word}"` : 'key'})${again === null ? '' : '\n        .timeout(Duration.ofSeconds(10))'}
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
    var client = HttpClient.newHttpClient();
`
    const send = 'client.send(request, HttpResponse.BodyHandlers.ofString())'
    if (again === null)
      return `${head}    var reply = ${send};
    System.out.println(reply.statusCode() + " " + reply.body());
  }
}`
    return `${head}    for (int tries = 1; ; tries++) {
      int status = 0;
      double wait = Math.random() * Math.min(60, 0.5 * Math.pow(2, tries));
      try {
        var reply = ${send};
        status = reply.statusCode();
        System.out.println(status + " " + reply.body());
${mark}        wait += reply.headers().firstValue("Retry-After").map(Double::parseDouble).orElse(0.0);
      } catch (java.io.IOException noAnswer) {
        System.out.println(noAnswer);
      }
${mark}      if (status == 200) break; // they are on the server's disk: never send them again
      if ((status != 0 && status != 429 && status < 500) || tries == ${triesMax})
        throw new IllegalStateException("Not sent: keep the events, with their ids");
${mark}      Thread.sleep((long) (1000 * wait));
    }${again.limit === null ? '' : `\n${mark}    Thread.sleep(${pauseOf(again.limit)}); // before the next request`}
  }
}`
  },
  Go(url, wish) {
    const { key, clock, again } = wish
    // A backtick cannot stand in such a text: in JSON it may be written otherwise.
    const plainJson = jsonOf(wish).replaceAll('`', '\\u0060')
    const json = clock ? plainJson.replaceAll('%', '%%').replaceAll(timeHole, '%d') : plainJson
    const body = clock ? `fmt.Sprintf(\`${json}\`, time.Now().UnixMilli())` : `\`${json}\``
    const modules = [
      ...['fmt', 'io'],
      ...(again === null ? [] : ['math', 'math/rand']),
      'net/http',
      ...(key === null ? [] : ['os']),
      ...(again === null ? [] : ['strconv']),
      'strings',
      ...(clock || again !== null ? ['time'] : []),
    ]
    const readKey =
      key === null
        ? ''
        : `${mark}	key := os.Getenv("DATAPULSE_API_KEY")
${mark}	if !strings.HasPrefix(key, ${JSON.stringify(key.prefix)}) || len(key) != 48 {
		panic("This is another key")
	}
`
    const comments = commentsOf(wish, '	//')
    const request = (tabs: string) => `${tabs}request, _ := http.NewRequest("POST", "${url}", strings.NewReader(body))
${tabs}request.Header.Set("Content-Type", "application/json")
${tabs}request.Header.Set("X-API-Key", ${key === null ? `"${word}"` : 'key'})
`
    const head = `package main

import (
${modules.map(name => `	"${name}"`).join('\n')}
)

func main() {
${comments}${readKey}	body := ${body}
`
    if (again === null)
      return `${head}${request('	')}	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer reply.Body.Close()
	text, _ := io.ReadAll(reply.Body)
	fmt.Println(reply.StatusCode, string(text))
}`
    return `${head}	client := http.Client{Timeout: 10 * time.Second}
	for tries := 1; ; tries++ {
${request('		')}		status := 0
		wait := rand.Float64() * math.Min(60, 0.5*math.Pow(2, float64(tries)))
		if reply, err := client.Do(request); err != nil {
			fmt.Println(err)
		} else {
			text, _ := io.ReadAll(reply.Body)
			reply.Body.Close()
			status = reply.StatusCode
			fmt.Println(status, string(text))
${mark}			seconds, _ := strconv.ParseFloat(reply.Header.Get("Retry-After"), 64)
${mark}			wait += seconds
		}
${mark}		if status == 200 {
${mark}			break // they are on the server's disk: never send them again
${mark}		}
		if (status != 0 && status != 429 && status < 500) || tries == ${triesMax} {
			panic("Not sent: keep the events, with their ids")
		}
${mark}		time.Sleep(time.Duration(wait * float64(time.Second)))
	}${again.limit === null ? '' : `\n${mark}	time.Sleep(${pauseOf(again.limit)} * time.Millisecond) // before the next request`}
}`
  },
}

function againComment({ again }: Wish, sign: string): string {
  return again === null
    ? ''
    : `${sign} curl waits as Retry-After says, and else longer each time. Never send again what was answered 200.\n`
}

/** Milliseconds between two requests that the limit never refuses. */
function pauseOf(limit: number): number {
  return Math.ceil(60_000 / limit)
}

/** In one line, and nothing that ends a comment or a text. */
function plain(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N} _.-]/gu, '?')
}

function quotedPhp(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

function indent(text: string, spaces: number): string {
  return text.replaceAll('\n', `\n${' '.repeat(spaces)}`)
}
