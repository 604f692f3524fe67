package analyze

import (
	"context"
	"io"
	"sync"

	"tcpwarm/analyze/redact"
	"tcpwarm/capture/segment"
)

// inFlight is how many batches may be on their way between the source and the collector.
const inFlight = 2

// Bounds of a batch. It takes what the source gives at once, and as long as that is many
// small packets some more: the more there are of each connection, the more often what is
// known of it is still in the cache.
const (
	maxBlocks = 16   // the source's: inFlight times as many are all the memory for payload
	many      = 2048 // segments of one block
)

// A batch is a run of segments on its way to all workers. Each reads those of its own
// shards.
type batch struct {
	blocks [maxBlocks]segment.Batch
	shards [shards][]hashed // the blocks' segments
	clock  segment.Time     // of the latest
	bound  int64            // the capture has ended: connections begun before this packet end now; 0: it has not

	// full says that no more transactions are kept: texts need not be copied, nor windows
	// followed; none that no more connections are: they need not be written down. The
	// collector sets them as it gives b back, and they hold from b's next use on: the same
	// batch in every run.
	full, none bool

	mail []mail // by worker; the collector reads it once all have finished
	done sync.WaitGroup
}

// A hashed segment comes with its key's hash.
type hashed struct {
	*segment.Segment
	hash uint64
}

func (b *batch) clear() {
	for i := range b.blocks {
		b.blocks[i].Segments, b.blocks[i].Secrets = b.blocks[i].Segments[:0], nil
	}
	for i := range b.shards {
		b.shards[i] = b.shards[i][:0]
	}
	b.bound = 0
}

// add adds the segments of a block to their shards.
func (b *batch) add(list []segment.Segment) {
	for i := range list {
		h := list[i].Key.Hash()
		to := &b.shards[shardOf(h)]
		*to = append(*to, hashed{&list[i], h})
	}
	if n := len(list); n > 0 {
		b.clock = list[n-1].Time
	}
}

// A reader feeds the workers.
type reader struct {
	src       Source
	workers   []*worker
	collector *collector
	free      chan *batch
	toCollect chan *batch
	redact    *redact.Segments
	faults    *faults
	clock     segment.Time // of the latest segment
}

func newReader(src Source, o Options) *reader {
	r := &reader{src: src, faults: new(faults), free: make(chan *batch, inFlight), toCollect: make(chan *batch, inFlight), redact: o.Redact.Segments()}
	r.collector = newCollector(o, r.faults)
	for range inFlight {
		r.free <- &batch{mail: make([]mail, o.Workers)}
	}
	for i := range o.Workers {
		r.workers = append(r.workers, newWorker(i, o, r.collector.series, r.faults))
	}
	return r
}

// run reads to the end. It returns io.EOF, the source's error or ctx's.
func (r *reader) run(ctx context.Context) error {
	var running sync.WaitGroup
	for _, w := range r.workers {
		running.Go(w.run)
	}
	running.Go(r.collect)
	err := r.read(ctx)
	for _, w := range r.workers {
		close(w.in)
	}
	close(r.toCollect)
	running.Wait()
	return err
}

func (r *reader) read(ctx context.Context) error {
	for {
		b := <-r.free
		b.clear()
		err := r.fill(ctx, b)
		r.clock = max(r.clock, b.clock)
		r.send(b)
		if err != nil {
			r.finish()
			return err
		}
	}
}

// fill fills b with one block, or some where there are many segments in each.
func (r *reader) fill(ctx context.Context, b *batch) error {
	for i := range b.blocks {
		if err := ctx.Err(); err != nil {
			return err
		}
		block := &b.blocks[i]
		err := r.block(block)
		r.redact.Redact(block.Segments)
		b.add(block.Segments)
		if err != nil || len(block.Segments) < many {
			return err
		}
	}
	return nil
}

// block fills one with the source's next segments. A panic there ends the reading.
func (r *reader) block(b *segment.Batch) (err error) {
	defer func() {
		if v := recover(); v != nil {
			r.faults.add(r.src.Totals().Packets+1, v)
			err = io.EOF // the fault is the error
		}
	}()
	return r.src.Fill(b)
}

func (r *reader) send(b *batch) {
	b.done.Add(len(r.workers))
	for _, w := range r.workers {
		w.in <- b
	}
	r.toCollect <- b
}

// finishSteps is how many batches it takes to end what the capture's end leaves
// open. All at once would need as much memory again for its events.
const finishSteps = 64

func (r *reader) finish() {
	n := r.src.Totals().Packets
	for i := range int64(finishSteps) {
		b := <-r.free
		b.clear()
		b.bound, b.clock = 1+n*(i+1)/finishSteps, r.clock
		r.send(b)
	}
}

// collect takes each batch once all workers are through with it, in order, and
// gives it back.
func (r *reader) collect() {
	for b := range r.toCollect {
		b.done.Wait()
		r.collector.take(b)
		r.free <- b
	}
}
