# Net::HTTP: the method, an object not started, and one started once.
require "net/http"
require_relative "drive"

uri = URI(BASE)
tls = uri.scheme == "https"
start = -> { Net::HTTP.start(uri.host, uri.port, use_ssl: tls) }
kept = nil
shared = -> { kept ||= start.call }
get = ->(path) { shared.call.get(path) }
left = [] # keeps what was not read from being collected, and so closed
thread_keeps = lambda do |path| # an object is no good to two threads at once
  (Thread.current[:http] ||= start.call).get(path)
end

workers = {} # a connection for each
ask = lambda do |worker, url, method, fields, body, read|
  at = URI(url)
  http = workers[worker] ||= Net::HTTP.start(at.host, at.port, use_ssl: at.scheme == "https")
  q = Net::HTTP.const_get(method.capitalize).new(at, fields)
  q.body = body
  return http.request(q).code if read
  http.request(q) { |r| r.code }.code # the library reads on by itself
end
limited = lambda do |path|
  shared.call.read_timeout = DEADLINE
  shared.call.max_retries = 0 # else it asks again
  get.call(path)
rescue Net::ReadTimeout
  nil # given up
end

drive({
  "lines" => ask,
  "deadline" => limited,
  "default" => ->(path) { Net::HTTP.get(URI(BASE + path)) },
  "shared" => get,
  "parallel" => thread_keeps,
  "unread" => ->(path) { shared.call.request_get(path) { |r| r.code } }, # the library reads on by itself
  "drained" => get,
  "unread-left" => ->(path) { (left << start.call).last.request_get(path) { |r| break r.code } },
  "idle" => get,
  "idle-timeout" => lambda do |path|
    shared.call.keep_alive_timeout = 0.2 # seconds; 2 by default
    get.call(path)
  end,
  "new" => lambda do |path| # not started: started and ended for each request
    http = Net::HTTP.new(uri.host, uri.port)
    http.use_ssl = tls
    http.get(path)
  end,
})
