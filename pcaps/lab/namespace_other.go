//go:build !linux

package main

import (
	"errors"
	"net"
)

func isolate(env ...string) (here bool, err error) {
	return false, errors.New("the lab needs Linux and its network namespaces")
}

// inside marks the process that runs in the namespace; here none does.
const inside = "TCPWARM_LAB_INSIDE"

type path struct{ listener net.Listener }

func openPath(route, int) (*path, error) {
	return nil, errors.New("the lab needs Linux and its TUN devices")
}

func (p *path) close() {}

func sendWindow(net.Conn) int { return 0 }
