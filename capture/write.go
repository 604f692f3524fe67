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
	"unicode/utf8"

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
	Files    int           // with Bytes: begin again with the first file after so many; else, with Every: ErrEnough then. 0: never
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
	began  time.Time // when those of this Every did, which is in their names
	spans  int       // how many of these are full
	again  *os.File  // with Again: it can be read
}

// NewWriter returns a Writer; Open, the first packet, or Close, opens the file.
func NewWriter(o WriteOptions) *Writer { return &Writer{o: o} }

// ErrEnough is what Write returns once there are as many files as were wanted: the packet is in none.
var ErrEnough = errors.New("as many files as were wanted are full")

// Open opens the first file: one that cannot be written is known before a packet comes.
func (w *Writer) Open() error {
	w.began = time.Now()
	return w.open()
}

// Write writes one packet.
func (w *Writer) Write(f *Frame) error {
	at := f.Time.Std()
	if err := w.rotate(at); err != nil {
		return err
	}
	if w.buf == nil {
		if err := w.open(); err != nil {
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

// rotate ends the file if another is to begin with the packet of an instant.
func (w *Writer) rotate(at time.Time) error {
	over := w.o.Every > 0 && at.Sub(w.began) >= w.o.Every
	switch {
	case w.files == 0 && w.spans == 0 && w.buf == nil: // there is none yet
		w.began = at
		return nil
	case w.buf != nil && (over || w.o.Bytes > 0 && w.bytes >= w.o.Bytes):
		if err := w.finish(); err != nil {
			return err
		}
	}
	if !over {
		return nil
	}
	if w.o.Bytes == 0 && w.o.Files > 0 && w.spans+1 >= w.o.Files {
		return ErrEnough
	}
	w.began, w.files = at, 0
	w.spans++
	return nil
}

func describe(link uint32) pcapgo.NgInterface {
	return pcapgo.NgInterface{LinkType: layers.LinkType(link), TimestampResolution: 9}
}

func (w *Writer) open() error {
	w.bytes, w.ng = 0, nil
	to := w.o.To
	switch {
	case to != nil:
	case w.o.Name == "-":
		to = os.Stdout
	default:
		var err error
		if w.file, err = w.create(w.nextName()); err != nil {
			return err
		}
		if w.o.Again && !w.file.New() {
			return fmt.Errorf("%s: a pipe or device; the packets are read again, so name a file", w.o.Name)
		}
		to = w.file
	}
	w.files++
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

// nextName is the name of the next file: as tcpdump names them (MakeFilename).
func (w *Writer) nextName() string {
	name := w.o.Name
	if w.o.Every > 0 {
		name, _ = strftime(name, w.began)
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

// strftimeFormats are the parts of a time as strftime(3) has them in the C locale, in Go's form. Those that have a slash are
// no part of a file's name.
var strftimeFormats = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'e': "_2", 'j': "002", 'B': "January", 'b': "Jan", 'h': "Jan", 'A': "Monday", 'a': "Mon",
	'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM", 'Z': "MST", 'z': "-0700", 'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04",
}

// strftime puts the parts of a time for what stands for them in pattern, of which it is an error if it is none of them.
func strftime(pattern string, at time.Time) (string, error) {
	at = at.Local()
	var b strings.Builder
	for {
		plain, rest, more := strings.Cut(pattern, "%")
		b.WriteString(plain)
		switch {
		case !more:
			return b.String(), nil
		case rest == "":
			return "", errors.New("it ends in %")
		case rest[0] == '%':
			b.WriteByte('%')
		case rest[0] == 's':
			fmt.Fprint(&b, at.Unix())
		case strftimeFormats[rest[0]] == "":
			r, _ := utf8.DecodeRuneInString(rest)
			return "", fmt.Errorf("%%%c stands for no part of a time that may be in a name", r)
		default:
			b.WriteString(at.Format(strftimeFormats[rest[0]]))
		}
		pattern = rest[1:]
	}
}

// CheckPattern tells what is wrong with a pattern of strftime for WriteOptions.Name.
func CheckPattern(pattern string) error {
	_, err := strftime(pattern, time.Time{})
	return err
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
	if w.ng == nil { // without a packet it is an empty capture
		if err := w.begin(assigned.LinkEthernet); err != nil {
			return err
		}
	}
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

// Close ends the file.
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
	return w.finish()
}
