package script

import (
	"bytes"
	"strings"
)

// An Archive is a script with what belongs to it, in one text of the txtar form:
// a comment, then files, each after a line "-- name --".
type Archive struct {
	Comment string
	Script  *Script
	Files   []File // all but "trace", in order

	trace string
	index int // of trace among the files
}

// A File is a file of an archive.
type File struct {
	Name string
	Data []byte
}

// ParseArchive reads an archive whose file "trace" is a script. Lines in errors
// and steps count from the top of the archive.
func ParseArchive(text string) (*Archive, error) {
	a := &Archive{}
	comment, name, rest, line := cutMarker(text)
	a.Comment = comment
	at, found := 0, false
	line++ // of rest
	for name != "" {
		var data, next string
		var n int
		here := name
		data, next, rest, n = cutMarker(rest)
		if data != "" && !strings.HasSuffix(data, "\n") {
			data += "\n"
		}
		switch {
		case here != "trace":
			a.Files = append(a.Files, File{here, []byte(data)})
		case found:
			return nil, &Error{line - 1, "a second file trace"}
		default:
			a.trace, a.index, at, found = data, len(a.Files), line, true
		}
		name, line = next, line+n
	}
	if !found {
		return nil, &Error{1, `no file "trace"`}
	}
	p := &parser{archive: a, line: at - 1}
	s, err := p.parse(a.trace)
	a.Script = s
	return a, err
}

// cutMarker cuts s around the first line that is a file marker: what comes before
// it, the name it holds, what comes after, and how many lines that skips. Without
// a marker all of s comes before and the name is empty.
func cutMarker(s string) (before, name, after string, lines int) {
	for i := 0; i < len(s); {
		n := strings.IndexByte(s[i:], '\n') + 1
		if n == 0 {
			n = len(s) - i
		}
		lines++
		l := strings.TrimRight(s[i:i+n], "\r\n")
		if inner, ok := strings.CutPrefix(l, "-- "); ok {
			if inner, ok = strings.CutSuffix(inner, " --"); ok && strings.TrimSpace(inner) != "" {
				return s[:i], strings.TrimSpace(inner), s[i+n:], lines
			}
		}
		i += n
	}
	return s, "", "", lines
}

// File returns the named file.
func (a *Archive) File(name string) ([]byte, bool) {
	for _, f := range a.Files {
		if f.Name == name {
			return f.Data, true
		}
	}
	return nil, false
}

// Set replaces the named file, or adds it at the end.
func (a *Archive) Set(name string, data []byte) {
	for i := range a.Files {
		if a.Files[i].Name == name {
			a.Files[i].Data = data
			return
		}
	}
	a.Files = append(a.Files, File{name, data})
}

// Format returns the archive as text.
func (a *Archive) Format() []byte {
	var b bytes.Buffer
	put := func(name string, data []byte) {
		b.WriteString("-- " + name + " --\n")
		b.Write(data)
		if len(data) > 0 && data[len(data)-1] != '\n' {
			b.WriteByte('\n')
		}
	}
	b.WriteString(a.Comment)
	for i, f := range a.Files {
		if i == a.index {
			put("trace", []byte(a.trace))
		}
		put(f.Name, f.Data)
	}
	if a.index == len(a.Files) {
		put("trace", []byte(a.trace))
	}
	return b.Bytes()
}
