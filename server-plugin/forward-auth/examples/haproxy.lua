-- Asks wba-authd about a request, from HAProxy 2.6 or newer:
--
--   set-var proc.wba_authd str(http://127.0.0.1:9180/)
--   lua-load-per-thread haproxy.lua
--
-- The action `wba_auth` answers what does not pass. What passes gets X-Agent-* and the variable
-- txn.wba_passed: check it, for where an action fails HAProxy carries on.

-- HAProxy 2.6 asks four times before it gives up.
local timeout_ms = 1000
local passed_on = {
  "x-agent-outcome", "x-agent-identity", "x-agent-domain", "x-agent-keyid", "x-agent-dialect",
  "x-agent-request-id",
}
local told_client = { "accept-signature", "retry-after", "cache-control" }

-- Fields of the client's connection or body. The length wba-authd is told in another.
local of_connection = {}
for _, name in ipairs({
  "host", "connection", "proxy-connection", "keep-alive", "upgrade", "te", "trailer",
  "transfer-encoding", "content-length", "expect",
}) do
  of_connection[name] = true
end

-- Nor is wba-authd asked with those that it is told the request in.
local function is_asked(name)
  return not of_connection[name] and not name:find("^x%-original%-")
end

-- HAProxy counts the lines of a field from 0.
local function lines_of(values)
  local lines = {}
  for i = 0, #values do
    lines[#lines + 1] = values[i]
  end
  return lines
end

local function first_of(headers, name)
  local values = headers and headers[name]
  return values and (values[0] or values[1]) or ""
end

local function question(txn)
  local fields = txn.http:req_get_headers()
  local headers = {
    ["x-original-method"] = { txn.f:method() },
    ["x-original-scheme"] = { txn.f:ssl_fc() == 1 and "https" or "http" },
    ["x-original-host"] = { first_of(fields, "host") },
    ["x-original-uri"] = { txn.f:pathq() },
    ["x-original-client"] = { txn.f:src() },
  }
  local length = first_of(fields, "content-length")
  if length ~= "" then
    headers["x-original-content-length"] = { length }
  end
  for name, values in pairs(fields) do
    if is_asked(name:lower()) then
      headers[name] = lines_of(values)
    end
  end
  return headers
end

local function refuse(txn, status, headers)
  local reply = txn:reply({ status = status })
  for _, name in ipairs(told_client) do
    local value = first_of(headers, name)
    if value ~= "" then
      reply:add_header(name, value)
    end
  end
  local id = first_of(headers, "x-agent-request-id")
  if id ~= "" then
    reply:add_header("x-request-id", id)
  end
  txn:done(reply)
end

core.register_action("wba_auth", { "http-req" }, function(txn)
  local answer = core.httpclient():get({
    url = txn:get_var("proc.wba_authd"),
    headers = question(txn),
    timeout = timeout_ms,
  })
  local status = answer and tonumber(answer.status) or 0
  if status >= 400 and status < 600 then
    return refuse(txn, status, answer.headers)
  end
  if status < 200 or status > 299 then
    core.Warning("wba_auth: no answer from wba-authd")
    return refuse(txn, 503)
  end
  for _, name in ipairs(passed_on) do
    local value = first_of(answer.headers, name)
    if value == "" then
      txn.http:req_del_header(name)
    else
      txn.http:req_set_header(name, value)
    end
  end
  txn:set_var("txn.wba_passed", true)
end, 0)
