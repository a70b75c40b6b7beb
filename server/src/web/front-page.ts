// The page at `/` of the admin port: says what is here. It needs no token and tells nothing about the server.

export const frontPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>DataPulse Server Events: admin port</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem; color-scheme: light dark }
  pre, code { font: 14px/1.5 ui-monospace, monospace }
  pre { padding: .75rem 1rem; border: 1px solid #8886; border-radius: .5rem; overflow-x: auto }
</style>
<h1>DataPulse Server Events</h1>
<p>This is the admin port. Events are sent to the public port, with an API key; here they are asked for.</p>
<p>From the directory in which the server was started:</p>
<pre>npx --no datapulse events list
npx --no datapulse counts
npx --no datapulse keys create --product demo
npx --no datapulse status
npx --no datapulse doctor
npx --no datapulse help</pre>
<p>Programs use <code>/api/products</code>, <code>/api/keys</code>, <code>/api/events</code>, <code>/api/counts</code>,
<code>/api/duplicates</code>, <code>/api/parked</code>, <code>/api/rejected</code> and <code>/api/status</code>, with the header
<code>Authorization: Bearer TOKEN</code>; the token is in the file <code>admin-token</code> in the data directory.
Prometheus reads <a href="/metrics">/metrics</a>.</p>
</html>
`
