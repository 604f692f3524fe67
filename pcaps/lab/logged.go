package main

import (
	"bufio"
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

// nginx is a running nginx; its access log is its truth.
type nginx struct {
	dir string
	cmd *exec.Cmd
}

// startNginx starts nginx as it is out of the box or, with keepalive, with what
// its documentation asks for to reuse connections to the origin.
func startNginx(dir string, keepalive bool) (*nginx, error) {
	location, upstream := "", ""
	if keepalive {
		location, upstream = `proxy_http_version 1.1; proxy_set_header Connection "";`, "keepalive 8;"
	}
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(nginxConfig, dir, relayPort, location, originPort, upstream)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return nil, err
	}
	n := &nginx{dir: dir, cmd: exec.Command("nginx", "-c", conf, "-p", dir)}
	n.cmd.Stderr = os.Stderr
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	for range 100 {
		if c, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", relayPort)); err == nil {
			c.Close()
			return n, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	n.stop()
	return nil, fmt.Errorf("nginx does not answer; see %s/error.log", dir)
}

// connections reads the access log: a line a request, in the order they ended.
func (n *nginx) connections() ([]*connection, error) {
	f, err := os.Open(filepath.Join(n.dir, "access.log"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	byPort := map[string]*connection{}
	var all []*connection
	for s := bufio.NewScanner(f); s.Scan(); {
		w := strings.Fields(s.Text())
		if len(w) != 7 {
			return nil, fmt.Errorf("access log: %q", s.Text())
		}
		c := byPort[w[1]]
		if c == nil {
			c = &connection{Leg: "client-proxy", ClientAddr: w[0], ServerAddr: "127.0.0.1", ServerPort: relayPort}
			if c.ClientPort, err = strconv.Atoi(w[1]); err != nil {
				return nil, err
			}
			byPort[w[1]] = c
			all = append(all, c)
		}
		status, err := strconv.Atoi(w[5])
		if err != nil {
			return nil, err
		}
		c.Requests = append(c.Requests, request{Method: w[2], Path: w[3], Proto: w[4], Status: status, Connection: w[6]})
		c.Transactions++
	}
	return all, nil
}

func (n *nginx) stop() error {
	if err := n.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return n.cmd.Wait()
}
