# Ten requests at the times the mode asks for; see ../node/drive.js.
#
#   ruby CLIENT.rb MODE URL
#   ruby CLIENT.rb lines
MODE, BASE = ARGV + ["http://localhost"]
DEADLINE = 0.3 # seconds
WHEN = MODE.split("-")[0]
BIG = %w[unread drained].include?(WHEN)

def path(i)
  "/#{{ "unread" => "huge", "drained" => "big" }.fetch(WHEN, "item")}/#{i}"
end

# What TCPWARM_SCENARIO asks for: method, fields, body, and whether bodies are read.
def how
  case ENV["TCPWARM_SCENARIO"]
  when "head" then ["HEAD", {}, nil, true]
  when "not-modified" then ["GET", { "If-None-Match" => '"1"' }, nil, true]
  when "expect-continue" then ["POST", { "Expect" => "100-continue" }, "a body", true]
  else ["GET", {}, nil, !ENV["TCPWARM_SCENARIO"].to_s.start_with?("unread")]
  end
end

def fetch(ask, url, worker)
  method, fields, body, read = how
  return unless ask.call(worker, url, method, fields, body, read).to_i == 401
  basic = ["#{ENV["TCPWARM_USER"]}:#{ENV["TCPWARM_PASSWORD"]}"].pack("m0")
  ask.call(worker, url, method, fields.merge("Authorization" => "Basic " + basic), body, read)
rescue StandardError => e
  warn e.inspect
end

# URLs of standard input, those that come together together, each by a worker of its own.
def lines(ask)
  loop do
    urls = $stdin.readpartial(65_536).split("\n")
    urls.each_with_index.map { |url, worker| Thread.new { fetch(ask, url, worker) } }.each(&:join)
  end
rescue EOFError
  nil
end

def drive(clients)
  get = clients[MODE] or abort "no mode #{MODE}: #{clients.keys}"
  return lines(get) if MODE == "lines"
  if WHEN == "parallel"
    # Five threads for both rounds: what a thread keeps to itself stays its own.
    threads = 5.times.map do |t|
      Thread.new do
        [1, 6].each_with_index do |first, round|
          sleep 0.4 if round == 1
          get.call(path(first + t))
        end
      end
    end
    threads.each(&:join)
    return
  end
  (1..10).each do |i|
    get.call(path(i))
    sleep(WHEN == "idle" && i == 5 ? 0.6 : BIG ? 0.06 : 0.01)
  end
end
