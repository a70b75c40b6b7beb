-- The load of load/wrk.ts for wrk: the text in the file given as argument, with two numbers in each request that make it
-- unique. The summary goes to stdout as one line of JSON behind a mark.
--
--   wrk … -s wrk.lua URL -- REQUEST_FILE    (a format string: a user's number, then a transaction's)

local request_format
local number = 0

function init(args)
  local file = assert(io.open(args[1], 'rb'))
  request_format = file:read('*a')
  file:close()
end

function request()
  number = number + 1
  return string.format(request_format, (number * 7919) % 100000, number)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nSUMMARY {"requests":%d,"microseconds":%d,"status":%d,"lost":%d,"p50":%d,"p95":%d,"p99":%d,"p999":%d,"max":%d,"mean":%d}\n',
    summary.requests, summary.duration, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(95), latency:percentile(99), latency:percentile(99.9), latency.max,
    latency.mean))
end
