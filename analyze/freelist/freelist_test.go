package freelist

import "testing"

// What was put last serves first, and where nothing waits there is a new one.
func TestList(t *testing.T) {
	var l List[int]
	a, b, c := new(int), new(int), new(int)
	l.Put(a)
	l.Put(nil)
	l.PutAtMost(2, b)
	l.PutAtMost(2, c)
	if len(l) != 2 {
		t.Errorf("%d wait", len(l))
	}
	if l.Get() != b || l.Get() != a {
		t.Error("others, or in another order")
	}
	if x := l.Get(); x == nil || x == a || len(l) != 0 {
		t.Error("no new one")
	}
}
