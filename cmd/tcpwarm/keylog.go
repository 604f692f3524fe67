package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"tcpwarm/analyze"
	"tcpwarm/analyze/app/tls"
	"tcpwarm/capture/segment"
)

// keyLogNames returns the key logs asked for, or that which the environment names.
// must says that they have to exist.
func (o *output) keyLogNames() (names []string, must bool) {
	if env := os.Getenv("SSLKEYLOGFILE"); len(o.keys) == 0 && env != "" {
		return []string{env}, false
	}
	return o.keys, true
}

// openKeyLog opens a key log. Where pipes are not expected nobody is waited for: one
// that nobody writes to, in place of the log, would hold us up for ever.
func openKeyLog(name string, pipes bool) (*os.File, error) {
	if pipes {
		return os.Open(name)
	}
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%s: not a plain file", name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// An interruptible reader ends with its context, as a key log may have no end.
type interruptible struct {
	io.Reader
	ctx context.Context
}

func (r interruptible) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}

// keyLogs reads the key logs asked for.
func (o *output) keyLogs(ctx context.Context) (*tls.Keys, error) {
	keys := tls.NewKeys()
	names, must := o.keyLogNames()
	for _, name := range names {
		f, err := openKeyLog(name, must) // a pipe is read to its end if it was asked for
		if errors.Is(err, fs.ErrNotExist) && !must {
			continue
		}
		if err != nil {
			return nil, err
		}
		err = keys.Add(interruptible{f, ctx})
		f.Close()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s: the reading was interrupted", name)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return keys, nil
}

// A growing source hands on, before the packets it gives, what key logs have grown
// by. Whoever logs keys does so before using them: when a packet was captured,
// those that open it are there, if they are logged on this machine and not
// buffered.
type growing struct {
	analyze.Source
	logs []*keyLog
}

// grown returns src with the key logs asked for, which may not be there yet.
func (o *output) grown(src analyze.Source) (analyze.Source, error) {
	names, _ := o.keyLogNames()
	if len(names) == 0 {
		return src, nil
	}
	g := &growing{Source: src}
	for _, name := range names {
		l := &keyLog{name: name}
		b, err := l.more()
		if err == nil {
			err = tls.NewKeys().Add(bytes.NewReader(b))
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		l.first = b
		g.logs = append(g.logs, l)
	}
	return g, nil
}

// Fill is as analyze.Source has it.
func (g *growing) Fill(b *segment.Batch) error {
	err := g.Source.Fill(b)
	for _, l := range g.logs {
		lines, lerr := l.more()
		if err == nil && lerr != nil {
			err = lerr
		}
		if len(lines) > 0 {
			b.Secrets = append(b.Secrets, lines)
		}
	}
	return err
}

// A keyLog is a key log that grows.
type keyLog struct {
	name  string
	file  *os.File // nil until it is there
	first []byte   // lines that nobody has got yet
	rest  []byte   // of a line that is not complete
	at    int64    // bytes read
}

// maxLogLine bounds what is kept of a line; a key log's has under 300 bytes.
const maxLogLine = 4096

// more returns the lines that have come since it was last asked.
func (l *keyLog) more() ([]byte, error) {
	if l.file == nil {
		f, err := openKeyLog(l.name, false)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		l.file = f
	}
	if st, err := l.file.Stat(); err == nil && st.Mode().IsRegular() && st.Size() < l.at { // begun anew
		l.at, l.rest = 0, nil
	}
	b, err := io.ReadAll(io.NewSectionReader(l.file, l.at, 1<<62))
	l.at += int64(len(b))
	b = append(append(l.first, l.rest...), b...)
	l.first = nil
	i := bytes.LastIndexByte(b, '\n') + 1
	l.rest = bytes.Clone(b[i:])
	if len(l.rest) > maxLogLine {
		l.rest = nil
	}
	return b[:i], err
}
