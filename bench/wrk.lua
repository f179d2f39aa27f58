-- Sends the requests of a file in a loop, and prints the outcome as a line of JSON. A line of the
-- file has method, path, token and body, separated by tabs.
--
-- With a second argument, it inspects every response, and counts one with "errors" as bad. This is
-- too slow for measurements.
local requests, next_request, size = {}, 0, 0
bad = 0

local threads = {}
function setup(thread)
  threads[#threads + 1] = thread
end

function init(arguments)
  for line in io.lines(arguments[1]) do
    local method, path, token, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$")
    local headers = { ["Accept"] = "application/graphql-response+json, application/json" }
    if token ~= "" then headers["Authorization"] = "Bearer " .. token end
    if body ~= "" then headers["Content-Type"] = "application/json" else body = nil end
    size = size + 1
    requests[size] = wrk.format(method, path, headers, body)
  end
  if arguments[2] then
    response = function(status, _, body)
      if status ~= 200 or body:find('"errors"', 1, true) then bad = bad + 1 end
    end
  end
end

function request()
  next_request = next_request % size + 1
  return requests[next_request]
end

function done(summary, latency)
  local errors, all_bad = summary.errors, 0
  for _, thread in ipairs(threads) do all_bad = all_bad + thread:get("bad") end
  io.write(string.format(
    '{"requests":%d,"micros":%d,"bytes":%d,"p50":%d,"p99":%d,"max":%d,' ..
    '"failed":{"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d,"errors":%d}}\n',
    summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99), latency.max,
    errors.connect, errors.read, errors.write, errors.timeout, errors.status, all_bad))
end
