-- Asks wba-authd about a request, from Apache 2.4 with mod_lua and lua-socket:
--
--   LuaScope thread
--   SetEnvIfExpr true WBA_AUTHD=127.0.0.1:9180
--   LuaHookAccessChecker apache.lua wba_auth early
--
-- What does not pass is answered here. What passes gets X-Agent-*. Whatever goes wrong refuses: an
-- error in here is mod_lua's 500.

local socket = require("socket")

local timeout_seconds = 3
local most_lines = 100
local passed_on = {
  "X-Agent-Outcome", "X-Agent-Identity", "X-Agent-Domain", "X-Agent-Keyid", "X-Agent-Dialect",
  "X-Agent-Request-Id",
}
local told_client = { "Accept-Signature", "Retry-After", "Cache-Control" }

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

-- This thread's connection to wba-authd.
local kept

local function connect(address)
  local host, port = address:match("^%[?([^%]]+)%]?:(%d+)$")
  local connection = assert(socket.tcp())
  connection:settimeout(timeout_seconds)
  assert(connection:connect(host, tonumber(port)))
  connection:setoption("tcp-nodelay", true)
  return connection
end

-- exchange gives the status and the fields, by lower-case name; or nil, and whether nothing at all
-- came back, as from a kept connection that wba-authd has closed meanwhile.
local function exchange(connection, text)
  if not connection:send(text) then return nil, true end
  local line, problem = connection:receive("*l")
  if not line then return nil, problem == "closed" end
  local status = line:match("^HTTP/1%.1 (%d%d%d)")
  if not status then return nil, false end
  local fields = {}
  for _ = 1, most_lines do
    line = connection:receive("*l")
    if not line then return nil, false end
    if line == "" then
      local length = tonumber(fields["content-length"])
      if not length or (length > 0 and not connection:receive(length)) then return nil, false end
      return tonumber(status), fields
    end
    local name, value = line:match("^([^:]+):%s*(.-)%s*$")
    if not name then return nil, false end
    fields[name:lower()] = value
  end
  return nil, false
end

local function ask(address, text)
  for _ = 1, 2 do
    local used = kept ~= nil
    local made, connection = true, kept
    if not used then made, connection = pcall(connect, address) end
    kept = nil
    if not made then return nil end
    local status, fields = exchange(connection, text)
    if status then
      if (fields["connection"] or ""):lower() == "close" then
        connection:close()
      else
        kept = connection
      end
      return status, fields
    end
    connection:close()
    -- `fields` says here whether it is worth another try, on a new connection.
    if not (used and fields) then return nil end
  end
end

-- The target in origin form; nil where the client sent another authority than in Host.
local function target_of(r, host)
  local target = r.unparsed_uri
  if target:sub(1, 1) == "/" or target == "*" then return target end
  local authority, rest = target:match("^[%a]+://([^/?#]*)(.*)$")
  if not authority or authority:lower() ~= host:lower() then return nil end
  return rest:sub(1, 1) == "/" and rest or "/" .. rest
end

local function question(r, target, host)
  local lines = {
    "GET / HTTP/1.1",
    "Host: wba-authd",
    "X-Original-Method: " .. r.method,
    "X-Original-Scheme: " .. (r.is_https and "https" or "http"),
    "X-Original-Host: " .. host,
    "X-Original-URI: " .. target,
    "X-Original-Client: " .. r.useragent_ip,
  }
  local length = r.headers_in["Content-Length"]
  if length then lines[#lines + 1] = "X-Original-Content-Length: " .. length end
  for name, value in pairs(r:headers_in_table()) do
    if is_asked(name:lower()) then
      lines[#lines + 1] = name .. ": " .. value
    end
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

-- Apache takes out the fields that Connection names when it hands a request on: what wba-authd said
-- would go too, and what it judged would not be what arrives. So they go before it is asked.
local connection_options = { ["close"] = true, ["keep-alive"] = true, ["upgrade"] = true }

local function take_out_nominated(r)
  local options = {}
  for option in (r.headers_in["Connection"] or ""):gmatch("[^,;%s]+") do
    local name = option:lower()
    if connection_options[name] then
      options[#options + 1] = name
    elseif is_asked(name) then
      r.headers_in[option] = nil
    end
  end
  r.headers_in["Connection"] = #options > 0 and table.concat(options, ", ") or nil
end

-- Names with anything but letters, digits and "-" go, as in nginx: to some backends X.Agent_Identity
-- is X-Agent-Identity. So does what a client calls itself, and what only a proxy may say of its
-- connection and target.
local function is_the_clients(name)
  return not (
    name:find("[^a-z0-9-]") or name:find("^x%-agent%-") or name:find("^x%-original%-")
    or name == "forwarded" or name:find("^x%-forwarded") or name == "x-rewrite-url"
    or name == "x-real-ip"
  )
end

function wba_auth(r)
  -- What Apache asks of itself on the way to an answer is the request that was decided about.
  if not r.is_initial_req then return apache2.DECLINED end
  for name in pairs(r:headers_in_table()) do
    if not is_the_clients(name:lower()) then r.headers_in[name] = nil end
  end
  take_out_nominated(r)
  local host = r.headers_in["Host"] or ""
  local target = target_of(r, host)
  if not target then return 400 end
  local status, fields = ask(r.subprocess_env["WBA_AUTHD"], question(r, target, host))
  if not status then
    r:err("wba_auth: no answer from wba-authd")
    return 503
  end
  if status >= 200 and status <= 299 then
    for _, name in ipairs(passed_on) do
      local value = fields[name:lower()] or ""
      if value ~= "" then r.headers_in[name] = value end
    end
    return apache2.DECLINED
  end
  for _, name in ipairs(told_client) do
    local value = fields[name:lower()] or ""
    if value ~= "" then r.err_headers_out[name] = value end
  end
  r.err_headers_out["X-Request-Id"] = fields["x-agent-request-id"]
  if status < 400 then return 503 end
  return status
end
