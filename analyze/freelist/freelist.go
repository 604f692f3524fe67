// Package freelist keeps what is no longer used, to be used again: where many connections come and go, to begin
// each in fresh memory would cost more than to follow it.
package freelist

// A List holds what is no longer used. Its zero value is empty. It is for one goroutine.
type List[T any] []*T

// Get returns one to be overwritten: the latest that was put, or a new one.
func (l *List[T]) Get() *T {
	n := len(*l) - 1
	if n < 0 {
		return new(T)
	}
	x := (*l)[n]
	*l = (*l)[:n]
	return x
}

// Put takes x, if it is anything.
func (l *List[T]) Put(x *T) {
	if x != nil {
		*l = append(*l, x)
	}
}

// PutAtMost takes x if fewer than most are there.
func (l *List[T]) PutAtMost(most int, x *T) {
	if len(*l) < most {
		l.Put(x)
	}
}
