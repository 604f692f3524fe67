package analyze

import (
	"context"
	"slices"
	"sync"

	"tcpwarm/analyze/redact"
	"tcpwarm/capture/segment"
)

// inFlight is how many batches may be on their way between the source and the
// collector. Memory for payload is this many blocks.
const inFlight = 4

// A batch is a run of segments on its way to all workers. Each reads those of
// its own shards.
type batch struct {
	segment.Batch
	hashes []uint64        // of the segments' keys
	order  []int32         // of the segments: by shard, then as captured
	starts [shards + 1]int // of shard i in order
	bound  int64           // the capture has ended: connections begun before this packet end now; 0: it has not

	mail []mail // by worker; the collector reads it once all have finished
	done sync.WaitGroup
}

// sort prepares b for the workers.
func (b *batch) sort() {
	b.hashes, b.starts = b.hashes[:0], [shards + 1]int{}
	for i := range b.Segments {
		h := b.Segments[i].Key.Hash()
		b.hashes = append(b.hashes, h)
		b.starts[h>>58+1]++
	}
	for i := range shards {
		b.starts[i+1] += b.starts[i]
	}
	at := b.starts
	b.order = slices.Grow(b.order[:0], len(b.hashes))[:len(b.hashes)]
	for i, h := range b.hashes {
		b.order[at[h>>58]] = int32(i)
		at[h>>58]++
	}
}

// of returns the numbers of the segments of shard i. The top bits of a hash choose it, the
// low ones the slot in its table.
func (b *batch) of(i int) []int32 { return b.order[b.starts[i]:b.starts[i+1]] }

// A reader feeds the workers.
type reader struct {
	src       Source
	workers   []*worker
	collector *collector
	free      chan *batch
	toCollect chan *batch
	redact    *redact.Segments
}

func newReader(src Source, o Options) *reader {
	r := &reader{src: src, collector: newCollector(o), free: make(chan *batch, inFlight), toCollect: make(chan *batch, inFlight), redact: o.Redact.Segments()}
	for range inFlight {
		r.free <- &batch{mail: make([]mail, o.Workers)}
	}
	for i := range o.Workers {
		r.workers = append(r.workers, newWorker(i, o, &r.collector.full, r.collector.series))
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
		err := ctx.Err()
		b.Segments, b.Secrets = b.Segments[:0], nil
		if err == nil {
			err = r.src.Fill(&b.Batch)
		}
		r.redact.Redact(b.Segments)
		r.send(b)
		if err != nil {
			r.finish()
			return err
		}
	}
}

func (r *reader) send(b *batch) {
	b.sort()
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
		b.Segments, b.Secrets = b.Segments[:0], nil
		b.bound = 1 + n*(i+1)/finishSteps
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
