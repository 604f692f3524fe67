package capture

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/outfile"
)

// WriteOptions say where packets go.
type WriteOptions struct {
	Name     string        // of the file; "-" is standard output. With Every, a pattern of strftime
	To       io.Writer     // if not nil, packets go here, not to a file of the Writer's own
	Bytes    int64         // begin another file after so many, 0: never
	Files    int           // with Bytes: begin again with the first file after so many, 0: never
	Every    time.Duration // begin another file after so long, by the packets' clock, 0: never
	Unbuffer bool          // write each packet at once
	Again    bool          // the file stays open to be read; there must be one only
}

// A Writer writes packets as pcapng, with nanoseconds. A file has a name of its
// own until it is whole: NAME.partial.
type Writer struct {
	o      WriteOptions
	dir    *outfile.Folder  // of the file, and of those before it
	path   string           // that dir was opened by
	file   *outfile.File    // nil where packets go elsewhere
	buf    *bufio.Writer    // nil: nothing is open
	ng     *pcapgo.NgWriter // nil until the first packet tells the link type
	ifaces map[uint32]int   // by link type
	bytes  int64
	files  int
	until  time.Time // of the file, with Every
	again  *os.File  // with Again: it can be read
}

// NewWriter returns a Writer; Open, the first packet, or Close, opens the file.
func NewWriter(o WriteOptions) *Writer { return &Writer{o: o} }

// Open opens the first file: one that cannot be written is known before a packet comes.
func (w *Writer) Open() error { return w.open(time.Now()) }

// Write writes one packet.
func (w *Writer) Write(f *Frame) error {
	at := f.Time.Std()
	full := w.o.Bytes > 0 && w.bytes >= w.o.Bytes || w.o.Every > 0 && !at.Before(w.until)
	if full && w.buf != nil {
		if err := w.finish(); err != nil {
			return err
		}
	}
	if w.buf == nil {
		if err := w.open(at); err != nil {
			return err
		}
	}
	if w.ng == nil {
		if err := w.begin(f.Link); err != nil {
			return err
		}
	}
	id, ok := w.ifaces[f.Link]
	if !ok {
		var err error
		if id, err = w.ng.AddInterface(describe(f.Link)); err != nil {
			return err
		}
		w.ifaces[f.Link] = id
	}
	info := gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(f.Data), Length: max(f.Wire, len(f.Data)), InterfaceIndex: id}
	err := w.ng.WritePacket(info, f.Data)
	w.bytes += int64(len(f.Data)) + 32
	if err == nil && w.o.Unbuffer {
		err = w.flush()
	}
	return err
}

func describe(link uint32) pcapgo.NgInterface {
	return pcapgo.NgInterface{LinkType: layers.LinkType(link), TimestampResolution: 9}
}

func (w *Writer) open(at time.Time) error {
	w.bytes, w.ng = 0, nil
	to := w.o.To
	switch {
	case to != nil:
	case w.o.Name == "-":
		to = os.Stdout
	default:
		var err error
		if w.file, err = w.create(w.nextName(at)); err != nil {
			return err
		}
		if w.o.Again && !w.file.New() {
			return fmt.Errorf("%s: a pipe or device; the packets are read again, so name a file", w.o.Name)
		}
		to = w.file
	}
	w.files++
	w.until = at.Add(w.o.Every)
	w.buf = bufio.NewWriterSize(to, 256<<10)
	return nil
}

// begin writes the file's head, with an interface of a link type.
func (w *Writer) begin(link uint32) (err error) {
	w.ifaces = map[uint32]int{link: 0}
	section := pcapgo.NgSectionInfo{Application: "tcpwarm"}
	w.ng, err = pcapgo.NewNgWriterInterface(w.buf, describe(link), pcapgo.NgWriterOptions{SectionInfo: section})
	return err
}

// create makes a file. The folder is kept from one file to the next: its name may be
// given to another folder meanwhile, by whoever owns the one above.
func (w *Writer) create(name string) (*outfile.File, error) {
	path, base := filepath.Split(name)
	if w.dir == nil || w.path != path {
		dir, err := outfile.OpenFolder(path)
		if err != nil {
			return nil, err
		}
		w.closeDir()
		w.dir, w.path = dir, path
	}
	return w.dir.Create(base, outfile.Options{Perm: 0o644, Replace: true})
}

func (w *Writer) closeDir() {
	if w.dir != nil {
		w.dir.Close()
	}
	w.dir = nil
}

// nextName is the name of the next file: as tcpdump names them.
func (w *Writer) nextName(at time.Time) string {
	name := w.o.Name
	if w.o.Every > 0 {
		name = strftime(name, at)
	}
	if w.o.Bytes == 0 || w.files == 0 && w.o.Files == 0 {
		return name
	}
	n := w.files
	if w.o.Files > 0 {
		return fmt.Sprintf("%s%0*d", name, len(fmt.Sprint(w.o.Files-1)), n%w.o.Files)
	}
	return fmt.Sprintf("%s%d", name, n)
}

// strftime puts the parts of a time for %Y %m %d %H %M %S %s.
func strftime(pattern string, at time.Time) string {
	at = at.Local()
	return strings.NewReplacer("%Y", at.Format("2006"), "%m", at.Format("01"), "%d", at.Format("02"), "%H", at.Format("15"),
		"%M", at.Format("04"), "%S", at.Format("05"), "%s", fmt.Sprint(at.Unix()), "%%", "%").Replace(pattern)
}

// Flush has what was written be in the file, for whoever reads it meanwhile.
func (w *Writer) Flush() error {
	if w.ng == nil || w.buf == nil {
		return nil
	}
	return w.flush()
}

func (w *Writer) flush() error {
	if err := w.ng.Flush(); err != nil {
		return err
	}
	return w.buf.Flush()
}

// finish ends the file: now it gets its name.
func (w *Writer) finish() error {
	err := w.flush()
	switch {
	case w.file == nil:
	case err != nil:
		w.file.Close()
	case w.o.Again:
		err = w.file.Publish()
		w.again = w.file.File
	default:
		err = w.file.Commit()
	}
	w.file, w.buf = nil, nil
	return err
}

// Read opens what was written, with Again and after Close: it is not opened by its name, which another
// file may have by now.
func (w *Writer) Read() (*Reader, error) {
	if w.again == nil {
		return nil, errors.New("the packets were not kept")
	}
	return OpenReader(w.o.Name, io.NewSectionReader(w.again, 0, 1<<62))
}

// Release closes the file that Again has left open.
func (w *Writer) Release() {
	if w.again != nil {
		w.again.Close()
	}
}

// Close ends the file. Without a packet, it is an empty capture.
func (w *Writer) Close() error {
	defer w.closeDir()
	if w.buf == nil {
		if w.files > 0 {
			return nil
		}
		if err := w.Open(); err != nil {
			return err
		}
	}
	if w.ng == nil {
		if err := w.begin(assigned.LinkEthernet); err != nil {
			return err
		}
	}
	return w.finish()
}
