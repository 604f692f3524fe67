package pool

import (
	"testing"
	"time"

	"tcpwarm/capture/segment"
)

// TestIdleLimit checks when closes show a limit of two idle connections: of each it is given how long the connection had
// idled and how long before another had become idle, in milliseconds.
func TestIdleLimit(t *testing.T) {
	type closed struct{ idle, after float64 }
	ms := func(x float64) time.Duration { return time.Duration(x * float64(time.Millisecond)) }
	for name, x := range map[string]struct {
		closes       []closed
		keeps, known bool
	}{
		"however long they had idled":    {[]closed{{400, 1}, {250, 1.1}, {700, 1}, {310, 1.2}}, true, true},
		"but one is late":                {[]closed{{400, 1}, {250, 1.1}, {700, 1}, {310, 1.2}, {500, 30}}, true, true},
		"but several idle on":            {[]closed{{400, 1}, {250, 30}, {700, 1}, {310, 1.2}, {500, 60}}, false, false},
		"most alike, one longer":         {[]closed{{300, 1}, {301, 1.1}, {340, 1}, {300.5, 1.2}}, false, false},
		"most alike, a sooner one first": {[]closed{{299, 1}, {340, 1}, {300, 1.1}, {301, 1.2}}, false, false},
		"alike, and others come anyhow":  {[]closed{{300, 0.2}, {300.1, 4}, {300.2, 2}, {300.1, 1}}, false, true},
		"two only":                       {[]closed{{400, 1}, {250, 1.1}}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := &idleLimit{}
			for i, c := range x.closes {
				at := segment.Time(0).Add(time.Duration(i+1) * time.Minute)
				l.becameIdle(at, 3)
				conn := &Conn{course: &course{closeState: new(closeState)}}
				conn.id, conn.closedAt = int64(i+1), at.Add(ms(c.after))
				l.closed(conn, conn.closedAt.Add(-ms(c.idle)), 3)
			}
			keeps, known := l.keeps(2)
			if keeps = keeps && known; keeps != x.keeps || known != x.known {
				t.Errorf("keeps %v, known %v, want %v, %v", keeps, known, x.keeps, x.known)
			}
		})
	}
}

// Where no connection idles on, or nothing was noted of the client, that shows no limit.
func TestNoIdleLimit(t *testing.T) {
	var none *idleLimit
	for claim, x := range map[string]struct {
		l *idleLimit
		n int32
	}{"nothing was noted": {none, 1}, "none idles on": {&idleLimit{most: 1}, 0}, "fewer than idled": {&idleLimit{most: 5}, 3}} {
		if keeps, known := x.l.keeps(x.n); keeps || !known {
			t.Errorf("%s: %v, known %v", claim, keeps, known)
		}
	}
}
