package tcp

import (
	"math/rand/v2"
	"testing"

	"tcpwarm/capture/segment"
)

// A queue of ACKs that grows while it has gone round, is emptied and grows again gives each back in order, with its own
// SACK blocks.
func TestACKsWaitInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var q ackQueue
	pushed, popped := 0, 0
	for range 20_000 {
		if n := pushed - popped; n > 0 && (r.IntN(2) == 0 || n > r.IntN(100)) {
			a, blocks := q.first(), q.blocksOfFirst()
			if int(a.ack) != popped || len(blocks) != popped%5%4 {
				t.Fatalf("ACK %d is %d with %d blocks", popped, a.ack, len(blocks))
			}
			for i, b := range blocks {
				if int(b.Start) != popped || int(b.End) != i {
					t.Fatalf("block %d of ACK %d is %v", i, popped, b)
				}
			}
			q.pop()
			popped++
			continue
		}
		var blocks []segment.Block
		for i := range pushed % 5 % 4 {
			blocks = append(blocks, segment.Block{Start: segment.Seq(pushed), End: segment.Seq(i)})
		}
		q.push(blocks).ack = segment.Seq(pushed)
		pushed++
	}
	if int(q.n) != pushed-popped || len(q.ring) > 256 {
		t.Errorf("%d wait in a ring of %d, want %d", q.n, len(q.ring), pushed-popped)
	}
}
