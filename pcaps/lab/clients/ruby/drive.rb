# Ten requests at the times the mode asks for; see ../node/drive.js.
#
#   ruby CLIENT.rb MODE URL
MODE, BASE = ARGV
WHEN = MODE.split("-")[0]
BIG = %w[unread drained].include?(WHEN)

def path(i)
  "/#{{ "unread" => "huge", "drained" => "big" }.fetch(WHEN, "item")}/#{i}"
end

def drive(clients)
  get = clients[MODE] or abort "no mode #{MODE}: #{clients.keys}"
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
