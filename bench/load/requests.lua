-- wrk's script for bench/load/run.sh: sends the requests in the file WBA_REQUESTS, one after the
-- other, from a place of its own in each thread. A request is its target, then its header lines,
-- then an empty line.

local requests = {}
local at = 0
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init()
  local target, headers
  for line in io.lines(os.getenv("WBA_REQUESTS")) do
    if line == "" then
      requests[#requests + 1] = wrk.format("GET", target, headers)
      target = nil
    elseif not target then
      target, headers = line, {}
    else
      local name, value = line:match("^([^:]+): (.*)$")
      headers[name] = value
    end
  end
  at = number * math.floor(#requests / 2)
end

function request()
  at = at % #requests + 1
  return requests[at]
end

-- One line for run.sh: requests, seconds, errors of connections and of answers, and microseconds.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %.3f %d %d", summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.timeout, errors.status))
  for _, percentile in ipairs({ 50, 90, 99, 99.9 }) do
    io.write(string.format(" %d", latency:percentile(percentile)))
  end
  io.write(string.format(" %d\n", latency.max))
end
