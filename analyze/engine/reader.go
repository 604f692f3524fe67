package engine

import (
	"context"
	"io"
	"sync"

	"tcpwarm/analyze/redact"
	"tcpwarm/capture/segment"
)

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
	only      *only        // nil: all connections are followed
	take      func(*batch) // what becomes of a batch that all workers are through with
}

func newReader(src Source, o Options) *reader {
	r := &reader{src: src, faults: new(faults), redact: o.Redact.Segments(),
		free: make(chan *batch, inFlight), toCollect: make(chan *batch, inFlight)}
	r.collector = newCollector(o, r.faults)
	r.take = r.collector.take
	for range inFlight {
		r.free <- &batch{output: make([]workerOutput, o.Workers), fewer: fewer(o.Limits.Memory)}
	}
	for i := range o.Workers {
		r.workers = append(r.workers, newWorker(i, o, r.faults))
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
		b.add(block.Segments, r.only)
		if err != nil || len(block.Segments) < many || b.isFull() {
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

// forget gives up what is needed for segments only: what follows on the last of them may need the memory.
func (r *reader) forget() {
	r.workers, r.free, r.toCollect = nil, nil, nil
	r.collector.scratch = scratch{}
	for i := range r.collector.judging {
		r.collector.judging[i] = judging{}
	}
}

// collect takes each batch once all workers are through with it, in order, and
// gives it back.
func (r *reader) collect() {
	for b := range r.toCollect {
		b.done.Wait()
		r.take(b)
		r.free <- b
	}
}
