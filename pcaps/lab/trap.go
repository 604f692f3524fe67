package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"time"

	servers "tcpwarm/pcaps/scenario"
)

// linesMode has a client fetch URLs as tcpwarm challenge hands them out: as they come on standard
// input, a line each, with what TCPWARM_SCENARIO asks for.
const linesMode = "lines"

// clientPatience is how long a client may take for what it is given.
var clientPatience = servers.Patience{First: 20 * time.Second, Next: 3 * time.Second, Then: 3 * time.Second}

// recordTrap is record with a server that tcpwarm challenge has.
func (r *recorder) recordTrap(s *scenario, t *truth, l net.Listener, file string, keys io.Writer) error {
	server := servers.Serve(s.trap, r.vouches, l)
	defer server.Stop()
	dump, err := startCapture("lo", file+".pcap", s.snap)
	if err != nil {
		return err
	}
	clientErr := r.feed(s, server)
	time.Sleep(settle)
	server.Stop()
	time.Sleep(settle)
	if err := dump.stop(); err != nil {
		return err
	}
	if clientErr != nil {
		return clientErr
	}
	if keys != nil {
		if _, err := io.Copy(keys, server.Keys()); err != nil {
			return err
		}
	}
	seen := server.Seen()
	t.Scenario, t.Connections = s.trap.Name, seenBy(&seen)
	t.Verdict = sum(t.Connections)
	return t.write(file + ".truth.json")
}

// feed lets the client fetch what the scenario asks for. A client that takes no standard input
// gets all URLs at once in its command line.
func (r *recorder) feed(s *scenario, server *servers.Server) error {
	words := append(append([]string{}, clients[s.client].command...), linesMode)
	inArgs := slices.Contains(takesArgs, s.client)
	if inArgs {
		words = append(words, server.URLs()...)
	}
	c := r.command(words...)
	c.Env = append(r.environment(), "TCPWARM_SCENARIO="+s.trap.Name, "TCPWARM_CA="+r.certFile,
		"TCPWARM_USER="+servers.User, "TCPWARM_PASSWORD="+servers.Password)
	var said bytes.Buffer
	c.Stderr = &said
	var in io.WriteCloser
	if !inArgs {
		var err error
		if in, err = c.StdinPipe(); err != nil {
			return err
		}
	}
	if err := c.Start(); err != nil {
		return err
	}
	late := time.AfterFunc(clientTimeout, func() { c.Process.Kill() })
	defer late.Stop()
	if inArgs {
		return ended(c, c.Wait(), &said)
	}
	ctx, cancel := context.WithTimeout(context.Background(), clientTimeout)
	defer cancel()
	atEnd := server.Feed(ctx, in, clientPatience)
	in.Close()
	if err := ended(c, c.Wait(), &said); err != nil {
		return err
	}
	if atEnd {
		return fmt.Errorf("client: it fetches nothing before its input ends: %s", lastLine(said.Bytes()))
	}
	return nil
}

// ended says how a client ended that should have ended well.
func ended(c *exec.Cmd, err error, said *bytes.Buffer) error {
	if err != nil {
		return fmt.Errorf("client: %s: %v: %s", c.Args[0], err, strings.TrimSpace(said.String()))
	}
	return nil
}

// seenBy is what a server has noted, as the truth has it.
func seenBy(seen *servers.Seen) (all []*connection) {
	for i := range seen.Connections {
		from := &seen.Connections[i]
		c := &connection{Leg: "origin", Opened: &from.Opened, Requests: []request{}}
		c.ClientAddr, c.ClientPort = from.Client.Addr().Unmap().String(), int(from.Client.Port())
		c.ServerAddr, c.ServerPort = from.Server.Addr().Unmap().String(), int(from.Server.Port())
		if !from.Ended.IsZero() {
			c.Closed = &from.Ended
		}
		if from.TLS != nil {
			c.secured(from.TLS)
		}
		all = append(all, c)
	}
	for _, q := range seen.Requests {
		c := all[q.Connection]
		if q.Status == 0 {
			q.Status = -1
		}
		c.Requests = append(c.Requests, request{Method: q.Method, Path: q.Path, Proto: q.Protocol, Status: q.Status})
		c.Transactions++
	}
	return all
}
