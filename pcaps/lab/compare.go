package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"tcpwarm/analyze"
	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/capture"
)

// differs returns what is said of the sample of s in dir that is not as its truth, or s, has it; and where
// nothing is, which of the outcomes of s it is.
func (s *scenario) differs(dir string) (problems []string, which int, err error) {
	file := s.file(dir)
	saw, err := readTruth(file + ".truth.json")
	if err != nil {
		return nil, 0, err
	}
	r, err := analyzeSample(file, saw.Keys != "")
	if err != nil {
		return nil, 0, err
	}
	problems, which = s.compareAny(saw, r)
	return problems, which, nil
}

// compareAny compares r with each outcome of s. Where it is none, the problems are those with the first.
func (s *scenario) compareAny(saw *truth, r *report.Report) (problems []string, which int) {
	for i, o := range s.outcomes {
		differs := s.compare(o, saw, r)
		if len(differs) == 0 {
			return nil, i
		}
		if i == 0 {
			problems = differs
		}
	}
	return problems, 0
}

// analyzeSample reads a capture, named without its extension, and its keys if it has some.
func analyzeSample(file string, secret bool) (*report.Report, error) {
	src, err := capture.OpenAll([]string{file + ".pcap"}, nil)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	keys := tls.NewKeys()
	if secret {
		f, err := os.Open(file + ".keys")
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if err := keys.Add(f); err != nil {
			return nil, err
		}
	}
	return analyze.Run(context.Background(), src, analyze.Options{Keys: keys})
}

// compare returns in what r differs from what the server saw and an outcome of s has.
func (s *scenario) compare(o outcome, saw *truth, r *report.Report) []string {
	problems := compareConnections(saw, r, o.stale)
	for _, p := range r.Capture.Problems {
		problems = append(problems, "the capture has a problem: "+p.Text)
	}
	if got := s.diagnoses(r); got != o.finds {
		problems = append(problems, fmt.Sprintf("findings %q, want %q", got, o.finds))
	}
	if saw.Verdict != sum(saw.Connections) {
		problems = append(problems, "the truth's totals are not those of its connections")
	}
	legs := 1
	if s.via != "" {
		legs = 2
		problems = append(problems, s.front.compare(r, fmt.Sprintf("127.0.0.1:%d", relayPort))...)
	}
	if len(r.Pools) != legs {
		problems = append(problems, fmt.Sprintf("%d pools, want %d", len(r.Pools), legs))
	}
	host := "127.0.0.1"
	if s.path != nil {
		host = farAddr
	}
	return append(problems, o.want.compare(r, fmt.Sprintf("%s:%d", host, s.port()))...)
}

// diagnoses names the findings of r, but for those that hang on the moment a
// program ends, on how long it paused, or on how much its receiver took in unread.
func (s *scenario) diagnoses(r *report.Report) string {
	var ids []string
	unread := strings.HasPrefix(s.mode, "unread")
	for id := range r.Totals.Findings {
		if unread && id == "cold-window" {
			continue
		}
		if id != "header-lies" && id != "idle-timeout" && id != "timeout-mismatch-risk" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// compareConnections holds connections, their transactions, methods and targets
// against the server's. stale are requests that met a connection the server had
// closed: on the wire, not seen by the server.
func compareConnections(saw *truth, r *report.Report, stale int) []string {
	var problems []string
	want := map[string]*connection{}
	for _, c := range saw.Connections {
		want[fmt.Sprintf("%s:%d>%d", c.ClientAddr, c.ClientPort, c.ServerPort)] = c
	}
	for _, c := range r.Connections {
		key := c.Client + ">" + c.Server[strings.LastIndexByte(c.Server, ':')+1:]
		w := want[key]
		delete(want, key)
		if w == nil {
			problems = append(problems, "the server knows no connection "+key)
			continue
		}
		extra := int(c.TransactionCount) - w.Transactions
		if extra > 0 {
			stale -= extra
		}
		if extra < 0 || stale < 0 {
			problems = append(problems, fmt.Sprintf("%s: %d transactions, the server saw %d", key, c.TransactionCount, w.Transactions))
			continue
		}
		left := slices.Clone(c.Transactions)
		for _, q := range w.Requests {
			i := slices.IndexFunc(left, func(got *report.Transaction) bool {
				return got.Method == q.Method && got.Target == q.Path && got.Status == max(q.Status, 0)
			})
			if i < 0 || i > 0 && !strings.HasPrefix(q.Proto, "HTTP/2") { // streams reach the server's handlers in no order
				problems = append(problems, fmt.Sprintf("%s: the server saw %s %s %d next", key, q.Method, q.Path, q.Status))
				break
			}
			left = slices.Delete(left, i, i+1)
		}
	}
	for key := range want {
		problems = append(problems, "the capture lacks "+key)
	}
	if stale > 0 {
		problems = append(problems, fmt.Sprintf("%d stale requests are missing", stale))
	}
	return problems
}

// compare holds the pool of a server against w.
func (w want) compare(r *report.Report, server string) []string {
	for _, p := range r.Pools {
		if len(p.Server) != 1 || p.Server[0] != server {
			continue
		}
		var problems []string
		if int(p.Used) != w.used || int(p.Needed) != w.needed || p.Avoidable != p.Used-p.Needed {
			problems = append(problems, fmt.Sprintf("%s: used %d, needed %d, avoidable %d; want %d, %d", server, p.Used, p.Needed,
				p.Avoidable, w.used, w.needed))
		}
		if v := w.verdict(int(p.Transactions)); p.Verdict != v {
			problems = append(problems, fmt.Sprintf("%s: verdict %s, want %s", server, p.Verdict, v))
		}
		for cause, n := range p.Causes {
			if cause.Avoidable() && (string(cause) != w.why || int(n) != w.used-w.needed) {
				problems = append(problems, fmt.Sprintf("%s: %d avoidable by %s, want %d by %q", server, n, cause,
					w.used-w.needed, w.why))
			}
		}
		return problems
	}
	return []string{"no pool of " + server}
}

// verdict is what w comes to with so many transactions.
func (w want) verdict(transactions int) pool.Verdict {
	avoidable, reused := w.used > w.needed, transactions > w.used && !w.vain
	switch {
	case avoidable && reused:
		return pool.PartlyReused
	case avoidable:
		return pool.NotReused
	case reused:
		return pool.Reused
	case w.ended:
		return pool.ServerPrevents
	}
	return pool.NoOpportunity
}
