package engine

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// A fault says where the panic began, whether the program or the runtime has raised it, and is of
// the earliest packet.
func TestFaults(t *testing.T) {
	var f faults
	if err := f.err(); err != nil {
		t.Error(err)
	}
	var none []int
	_, _, here, _ := runtime.Caller(0)
	for i, raise := range []func(){
		func() { panic("oh") },
		func() { none[len(none)]++ },
		func() { panic("oh") },
	} {
		func() {
			defer func() { f.add([]int64{7, 3, 5}[i], recover()) }()
			raise()
		}()
	}
	got, want := f.first, fmt.Sprintf("fault_test.go:%d: runtime error: index out of range", here+3)
	if got.Packet != 3 || got.Count != 3 || !strings.HasPrefix(got.Where, want) {
		t.Errorf("%+v, want of packet 3, 3 in all, %s", got, want)
	}
}

// What guard calls may panic; what comes after goes on.
func TestGuard(t *testing.T) {
	var f faults
	f.guard(func() { panic("oh") })
	f.guard(func() {})
	if f.err() == nil || f.first.Count != 1 {
		t.Errorf("%+v", f.first)
	}
}
