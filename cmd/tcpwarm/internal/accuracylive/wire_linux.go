package main

import (
	"container/heap"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A wire carries frames from one device to another, as a direction says: through a queue that is
// drained at a rate, then with a delay. It is one thread, at a priority of its own where it may have
// one, as a path that is late is not the one that was asked for.
type wire struct {
	direction
	from, to int // descriptors of TAP devices
	delay    time.Duration
	begin    time.Time
	random   *rand.Rand
	done     atomic.Bool

	busy     time.Time // until when the bottleneck sends what it has
	last     time.Time // when the latest in order arrives
	lose     int       // how many more of a burst are lost
	carried  int       // frames with content so far
	onItsWay flight
	account
}

// An account is what became of frames.
type account struct {
	Forwarded, Lost, Overflowed, Marked int
	LateMax                             time.Duration // of a delivery, against the time that was meant
	LateOver1ms                         int
}

// A delivery is a frame that is to arrive; n tells those of one time apart.
type delivery struct {
	arrive time.Time
	n      int
	data   []byte
}

// A flight is a heap of deliveries, the earliest first.
type flight []delivery

func (f flight) Len() int { return len(f) }
func (f flight) Less(i, j int) bool {
	return f[i].arrive.Before(f[j].arrive) || f[i].arrive.Equal(f[j].arrive) && f[i].n < f[j].n
}
func (f flight) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *flight) Push(x any)   { *f = append(*f, x.(delivery)) }
func (f *flight) Pop() any {
	old := *f
	x := old[len(old)-1]
	old[len(old)-1] = delivery{}
	*f = old[:len(old)-1]
	return x
}

// longestWait is after how much time at the latest a wire sees that it is done.
const longestWait = 50 * time.Millisecond

// run carries until done is set.
func (w *wire) run() {
	runtime.LockOSThread() // and ends with the goroutine
	// Without the right to do so the wire is late more often, which its account says.
	unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 40}, 0)
	buffer := make([]byte, virtioHeader+etherHeader+largestPacket)
	for !w.done.Load() {
		wait := longestWait
		if len(w.onItsWay) > 0 {
			wait = max(0, min(wait, time.Until(w.onItsWay[0].arrive)))
		}
		timeout := unix.NsecToTimespec(wait.Nanoseconds())
		unix.Ppoll([]unix.PollFd{{Fd: int32(w.from), Events: unix.POLLIN}}, &timeout, nil)
		for range 64 {
			w.deliver()
			n, err := unix.Read(w.from, buffer)
			if errors.Is(err, syscall.EINTR) {
				continue
			}
			if err != nil || n < virtioHeader+etherHeader {
				break
			}
			w.read(buffer[:n])
		}
	}
}

// deliver hands over what has arrived.
func (w *wire) deliver() {
	for len(w.onItsWay) > 0 {
		late := time.Since(w.onItsWay[0].arrive)
		if late < 0 {
			return
		}
		w.LateMax = max(w.LateMax, late)
		if late > time.Millisecond {
			w.LateOver1ms++
		}
		d := heap.Pop(&w.onItsWay).(delivery)
		unix.Write(w.to, d.data) // one that the other end has no room for is lost
	}
}

// read takes a frame from the device, in pieces where the device is to cut it.
func (w *wire) read(b []byte) {
	now := time.Now()
	header, data := b[:virtioHeader], b[virtioHeader:]
	f, ok := parse(data)
	if !ok {
		w.onward(now.Add(w.delay), data) // ARP and the like
		return
	}
	size := 0
	if header[1] != 0 { // gso_type
		size = int(uint16(header[4]) | uint16(header[5])<<8)
	}
	if size == 0 && header[0]&needsChecksum == 0 {
		w.take(now, f)
		return
	}
	f.cut(size, func(piece []byte) {
		f.data = piece
		w.take(now, f)
	})
}

// take has a frame wait for its turn, or loses it.
func (w *wire) take(now time.Time, f frame) {
	if w.lost(now, f) {
		w.Lost++
		return
	}
	if w.busy.Before(now) {
		w.busy = now
	}
	if rate := w.rate(now); rate > 0 {
		queued := int(w.busy.Sub(now).Seconds() * rate / 8)
		if w.QueueBytes > 0 && queued+len(f.data) > w.QueueBytes {
			w.Overflowed++
			return
		}
		if w.MarkAbove > 0 && queued > w.MarkAbove && f.mark() {
			w.Marked++
		}
		w.busy = w.busy.Add(time.Duration(float64(len(f.data)*8) / rate * float64(time.Second)))
	}
	arrive := w.busy.Add(w.delay)
	if w.Jitter > 0 {
		arrive = arrive.Add(time.Duration(w.random.Int64N(int64(w.Jitter))))
	}
	if w.Hold > 0 {
		arrive = w.begin.Add((arrive.Sub(w.begin) + w.Hold - 1) / w.Hold * w.Hold)
	}
	if arrive.Before(w.last) {
		arrive = w.last
	}
	if w.Reorder > 0 && w.random.Float64() < w.Reorder {
		w.onward(arrive.Add(w.ReorderBy), f.data)
		return
	}
	w.last = arrive
	w.onward(arrive, f.data)
}

// onward sends data to where it arrives at a time.
func (w *wire) onward(arrive time.Time, data []byte) {
	w.Forwarded++
	d := delivery{arrive, w.Forwarded, make([]byte, virtioHeader+len(data))}
	copy(d.data[virtioHeader:], data)
	heap.Push(&w.onItsWay, d)
}

// rate is that of the bottleneck at a time, in bits a second.
func (w *wire) rate(now time.Time) float64 {
	rate := w.Mbits * 1e6
	if w.SwingTime > 0 {
		rate *= 1 + w.Swing*math.Sin(2*math.Pi*now.Sub(w.begin).Seconds()/w.SwingTime.Seconds())
	}
	return rate
}

// lost says whether a frame is.
func (w *wire) lost(now time.Time, f frame) bool {
	if f.content() > 0 {
		w.carried++
		for _, n := range w.Drop {
			if n == w.carried {
				return true
			}
		}
	}
	if since := now.Sub(w.begin); w.DarkFor > 0 && since >= w.DarkFrom && since < w.DarkFrom+w.DarkFor {
		return true
	}
	if w.lose == 0 && w.Loss > 0 && w.random.Float64() < w.Loss {
		w.lose = 1
		for w.Burst > 1 && w.random.IntN(w.Burst) > 0 { // a geometric length
			w.lose++
		}
	}
	if w.lose > 0 {
		w.lose--
		return true
	}
	return false
}
