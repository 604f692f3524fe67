package pool

import (
	"testing"
	"unsafe"
)

// An idle connection's course, and the decision why it was opened, are small: see engine's TestIdleIsSmall.
func TestSizes(t *testing.T) {
	for name, x := range map[string]struct{ is, most uintptr }{
		"course":   {unsafe.Sizeof(course{}), 256},
		"decision": {unsafe.Sizeof(Decision{}), 416},
		"packed":   {unsafe.Sizeof(PackedDecision{}), 32},
	} {
		if x.is > x.most {
			t.Errorf("%s: %d bytes, want %d at most", name, x.is, x.most)
		}
	}
}
