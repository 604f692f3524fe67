package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// nginxConfig takes directory, port, what the location adds, origin's port.
const nginxConfig = `daemon off; master_process off; pid %[1]s/nginx.pid; error_log %[1]s/error.log;
events {}
http {
	log_format lab '$remote_addr $remote_port $request_method $uri $server_protocol $status $http_connection';
	access_log %[1]s/access.log lab;
	client_body_temp_path %[1]s/t1; proxy_temp_path %[1]s/t2; fastcgi_temp_path %[1]s/t3; uwsgi_temp_path %[1]s/t4; scgi_temp_path %[1]s/t5;
	upstream origin { server 127.0.0.1:%[4]d; %[5]s }
	server { listen 127.0.0.1:%[2]d; location / { proxy_pass http://origin; %[3]s } }
}
`

// haproxyConfig takes port, origin's port, what the backend adds. The log goes to standard output.
const haproxyConfig = `defaults
	mode http
	timeout connect 5s
	timeout client 50s
	timeout server 50s
frontend lab
	bind 127.0.0.1:%d
	log stdout format raw local0
	http-request capture req.hdr(Connection) len 32
	log-format "%%ci %%cp %%HM %%HP %%HV %%ST %%[capture.req.hdr(0)]"
	default_backend origin
backend origin
	%[3]s
	server one 127.0.0.1:%[2]d
`

// caddyConfig takes directory, port, origin's port.
const caddyConfig = `{
	admin off
	auto_https off
	storage file_system %[1]s
}
http://:%[2]d {
	bind 127.0.0.1
	log {
		output file %[1]s/access.log
	}
	reverse_proxy 127.0.0.1:%[3]d
}
`

// logged is a running relay whose access log is its truth.
type logged struct {
	dir  string
	cmd  *exec.Cmd
	line func(string) (logLine, error)
}

// A logLine is a request of the access log.
type logLine struct {
	addr, port string // the client's
	request
}

// startLogged starts a relay as it is out of the box or, by the word after its
// name, with a knob of its own.
func startLogged(dir, via string) (*logged, error) {
	n := &logged{dir: dir, line: parseWords}
	conf := filepath.Join(dir, "relay.conf")
	text := ""
	switch name, knob, _ := strings.Cut(via, "-"); name {
	case "nginx":
		location, upstream := "", ""
		if knob == "keepalive" { // what its documentation asks for to reuse connections to the origin
			location, upstream = `proxy_http_version 1.1; proxy_set_header Connection "";`, "keepalive 8;"
		}
		text = fmt.Sprintf(nginxConfig, dir, relayPort, location, originPort, upstream)
		n.cmd = exec.Command("nginx", "-c", conf, "-p", dir)
	case "haproxy":
		if knob != "" {
			knob = "http-reuse " + knob
		}
		text = fmt.Sprintf(haproxyConfig, relayPort, originPort, knob)
		n.cmd = exec.Command("haproxy", "-db", "-f", conf)
	case "caddy":
		text = fmt.Sprintf(caddyConfig, dir, relayPort, originPort)
		n.cmd = exec.Command("caddy", "run", "--config", conf, "--adapter", "caddyfile")
		n.line = parseCaddy
	default:
		return nil, fmt.Errorf("no relay %q", via)
	}
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return nil, err
	}
	return n, n.start()
}

// start starts the program and returns once it takes connections.
func (n *logged) start() error {
	if filepath.Base(n.cmd.Path) == "haproxy" {
		log, err := os.Create(filepath.Join(n.dir, "access.log"))
		if err != nil {
			return err
		}
		defer log.Close() // the program has it by then
		n.cmd.Stdout = log
	}
	errorLog, err := os.Create(filepath.Join(n.dir, "stderr.log"))
	if err != nil {
		return err
	}
	defer errorLog.Close()
	n.cmd.Stderr = errorLog
	n.cmd.Env = append(os.Environ(), "HOME="+n.dir) // where Caddy keeps what it knows
	if err := n.cmd.Start(); err != nil {
		return err
	}
	for range 100 {
		if c, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", relayPort)); err == nil {
			c.Close()
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	n.stop()
	why, _ := os.ReadFile(errorLog.Name())
	return fmt.Errorf("%s does not answer: %s", n.cmd.Path, lastLine(why))
}

// connections reads the access log: a line a request, in the order they ended.
func (n *logged) connections() ([]*connection, error) {
	f, err := os.Open(filepath.Join(n.dir, "access.log"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	byPort := map[string]*connection{}
	var all []*connection
	for s := bufio.NewScanner(f); s.Scan(); {
		l, err := n.line(s.Text())
		if err != nil {
			return nil, fmt.Errorf("access log: %q: %w", s.Text(), err)
		}
		if l.Method == "<BADREQ>" { // HAProxy, of the connection that tried whether it listens
			continue
		}
		c := byPort[l.port]
		if c == nil {
			c = &connection{Leg: "client-proxy", ClientAddr: l.addr, ServerAddr: "127.0.0.1", ServerPort: relayPort}
			if c.ClientPort, err = strconv.Atoi(l.port); err != nil {
				return nil, err
			}
			byPort[l.port] = c
			all = append(all, c)
		}
		c.Requests = append(c.Requests, l.request)
		c.Transactions++
	}
	return all, nil
}

// parseWords reads the line that nginx and HAProxy are told to write.
func parseWords(s string) (logLine, error) {
	w := strings.Fields(s)
	if len(w) != 7 {
		return logLine{}, errors.New("not seven words")
	}
	status, err := strconv.Atoi(w[5])
	return logLine{w[0], w[1], request{Method: w[2], Path: w[3], Proto: w[4], Status: status, Connection: w[6]}}, err
}

// parseCaddy reads a line of Caddy's JSON.
func parseCaddy(s string) (logLine, error) {
	var l struct {
		Status  int
		Request struct {
			RemoteIP   string `json:"remote_ip"`
			RemotePort string `json:"remote_port"`
			Proto      string
			Method     string
			URI        string
			Headers    map[string][]string
		}
	}
	if err := json.Unmarshal([]byte(s), &l); err != nil {
		return logLine{}, err
	}
	q := l.Request
	return logLine{q.RemoteIP, q.RemotePort, request{Method: q.Method, Path: q.URI, Proto: q.Proto, Status: l.Status,
		Connection: strings.Join(q.Headers["Connection"], ", ")}}, nil
}

func (n *logged) stop() error {
	if err := n.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	err := n.cmd.Wait()
	var code *exec.ExitError
	if errors.As(err, &code) && !code.Exited() { // HAProxy dies of the signal
		return nil
	}
	return err
}
