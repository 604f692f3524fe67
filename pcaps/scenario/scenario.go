package scenario

import (
	"path"
	"slices"
	"strings"
	"time"

	"tcpwarm/analyze/nearest"
)

// A Family is what a scenario's server speaks.
type Family string

// The families.
const (
	HTTP1 Family = "http1" // HTTP/1.1 in clear
	TLS   Family = "tls"   // HTTP/1.1 in TLS
	HTTP2 Family = "http2" // HTTP/2 in TLS, by ALPN
	H2C   Family = "h2c"   // HTTP/2 in clear, which the client has to know of
)

// A Scenario is one way that servers behave, and what is to be fetched from it.
type Scenario struct {
	Name   string
	Family Family
	About  string // what the server does, and what a good client does then and why
	Asks   string // what it asks for beyond fetching URLs and reading bodies; "" is nothing

	steps []step
	serve behaviour

	Wants    func(*Request) bool // whether the command did what Asks says; nil: it cannot be told, or is nothing
	Least    int64               // connections that a good client opens, because the server ends some; 0: one does
	Prevents bool                // the server ends every connection before the next URL: each needs its own
	Forbids  string              // finding that a good client does not bring about, "" for none
}

// A step is URLs that are handed out together.
type step struct {
	urls  int
	pause time.Duration // before the next step
}

// gap is the pause between steps: time for the command to come to an end with a response.
const gap = 50 * time.Millisecond

// oneByOne is n URLs, each after the one before was answered.
func oneByOne(n int) []step { return slices.Repeat([]step{{1, gap}}, n) }

// Pauses reports whether s depends on when its URLs are handed out.
func (s *Scenario) Pauses() bool {
	return slices.ContainsFunc(s.steps, func(t step) bool { return t.pause > gap })
}

// Secure reports whether s is in TLS.
func (s *Scenario) Secure() bool { return s.Family == TLS || s.Family == HTTP2 }

// Multiplexed reports whether s is about HTTP/2.
func (s *Scenario) Multiplexed() bool { return s.Family == HTTP2 || s.Family == H2C }

// Together is how many URLs s hands out at once, at most.
func (s *Scenario) Together() (most int64) {
	for _, t := range s.steps {
		most = max(most, int64(t.urls))
	}
	return most
}

// StreamLimit is how many streams the server of s permits at once, 0 where it sets no limit.
func (s *Scenario) StreamLimit() int { return int(s.serve.streams) }

// Count is how many URLs s hands out.
func (s *Scenario) Count() (n int) {
	for _, t := range s.steps {
		n += t.urls
	}
	return n
}

// All is all there are, in the order in which they are played.
var All = slices.Concat(reuse, bodies, control, idle, endings, secure, multiplexed)

// Lookup returns the scenario that is called name.
func Lookup(name string) (*Scenario, bool) {
	for i := range All {
		if All[i].Name == name {
			return &All[i], true
		}
	}
	return nil, false
}

// Names returns the scenarios' names.
func Names() (names []string) {
	for i := range All {
		names = append(names, All[i].Name)
	}
	return names
}

// Choose returns the scenarios of the families, all but h2c where none is given, whose name
// a glob of only fits, any where none is given. A glob that fits none is an error; h2c is
// played where a family or a glob asks for it.
func Choose(only []string, families []Family) ([]*Scenario, error) {
	fits := func(glob, name string) bool {
		ok, err := path.Match(glob, name)
		return ok && err == nil
	}
	for _, glob := range only {
		if !slices.ContainsFunc(Names(), func(name string) bool { return fits(glob, name) }) {
			suggestion := nearest.Suggest(glob, Names())
			if suggestion == "" {
				suggestion = "; --list has all"
			}
			return nil, &unknownError{glob, suggestion}
		}
	}
	var chosen []*Scenario
	for i := range All {
		s := &All[i]
		asked := slices.ContainsFunc(only, func(glob string) bool { return fits(glob, s.Name) })
		family := slices.Contains(families, s.Family) || len(families) == 0 && (s.Family != H2C || asked && !isEverything(only))
		if family && (asked || len(only) == 0) {
			chosen = append(chosen, s)
		}
	}
	return chosen, nil
}

// isEverything reports whether one of the globs names nothing in particular.
func isEverything(only []string) bool {
	return slices.ContainsFunc(only, func(glob string) bool { return strings.Trim(glob, "*?") == "" })
}

// An unknownError names a scenario that there is none of.
type unknownError struct{ name, suggestion string }

func (e *unknownError) Error() string {
	return "no scenario is called \"" + e.name + "\"" + e.suggestion
}
