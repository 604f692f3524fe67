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
const inFlight = 3

// A batch is a run of segments on its way to all workers. Each reads those of its own
// shards.
type batch struct {
	sorted  []hashed
	starts  [shards + 1]int // of shard i in sorted
	bytes   []byte          // what payloads point into
	secrets [][]byte        // TLS key logs
	clock   segment.Time    // of the latest segment, where there is any
	bound   int64           // the capture has ended: connections begun before this packet end now; 0: it has not

	mail []mail // by worker; the collector reads it once all have finished
	done sync.WaitGroup
}

// A hashed segment has its key's hash: the top bits choose the shard, the low ones the
// slot in its table.
type hashed struct {
	segment.Segment
	hash uint64
}

// of returns the segments of shard i.
func (b *batch) of(i int) []hashed { return b.sorted[b.starts[i]:b.starts[i+1]] }

// A reader feeds the workers.
type reader struct {
	src       Source
	workers   []*worker
	collector *collector
	free      chan *batch
	toCollect chan *batch
	redact    *redact.Segments

	in     segment.Batch // as captured
	hashes []uint64      // of its segments' keys
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
		r.in = segment.Batch{Segments: r.in.Segments[:0], Bytes: b.bytes}
		if err == nil {
			err = r.src.Fill(&r.in)
		}
		b.bytes, b.secrets = r.in.Bytes, r.in.Secrets
		r.redact.Redact(r.in.Segments)
		r.sort(b)
		r.send(b)
		if err != nil {
			r.finish()
			return err
		}
	}
}

// sort copies what was read to b, so that the segments of each shard lie together, in
// order: to find them one by one would be a cache miss each.
func (r *reader) sort(b *batch) {
	in := r.in.Segments
	r.hashes, b.starts = r.hashes[:0], [shards + 1]int{}
	for i := range in {
		h := in[i].Key.Hash()
		r.hashes = append(r.hashes, h)
		b.starts[h>>58+1]++
	}
	for i := range shards {
		b.starts[i+1] += b.starts[i]
	}
	at := b.starts
	b.sorted = slices.Grow(b.sorted[:0], len(in))[:len(in)]
	for i, h := range r.hashes {
		to := &b.sorted[at[h>>58]]
		to.Segment, to.hash = in[i], h
		at[h>>58]++
	}
	if n := len(in); n > 0 {
		b.clock = in[n-1].Time
	}
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
		b.secrets = nil
		r.in.Segments = r.in.Segments[:0]
		r.sort(b)
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
