# Faraday: the module's method, a connection, and one whose adapter keeps connections.
require "faraday"
require "net/http/persistent"
require_relative "drive"

shared = Faraday.new(url: BASE)
pool = lambda do |**options|
  Faraday.new(url: BASE) do |f|
    f.adapter(:net_http_persistent, **options) { |http| http.idle_timeout = 0.2 if MODE == "idle-timeout" }
  end
end
persistent = pool.call
brief = Faraday.new(url: BASE, request: { timeout: DEADLINE }) { |f| f.adapter(:net_http_persistent) }
limited = lambda do |path|
  brief.get(path)
rescue Faraday::TimeoutError
  nil # given up
end
keep = ->(path) { persistent.get(path) }

all = MODE == "lines" ? Faraday.new { |f| f.adapter(:net_http_persistent) } : nil
ask = lambda do |_worker, url, method, fields, body, _read| # it reads every body
  all.run_request(method.downcase.to_sym, url, body, fields).status
end

drive({
  "lines" => ask,
  "deadline" => limited,
  "default" => ->(path) { Faraday.get(BASE + path) },
  "shared" => ->(path) { shared.get(path) },
  "persistent" => keep,
  "idle" => keep,
  "idle-timeout" => keep,
})
