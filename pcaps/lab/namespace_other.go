//go:build !linux

package main

import "errors"

func isolate(env ...string) (here bool, err error) {
	return false, errors.New("the lab needs Linux and its network namespaces")
}

// inside marks the process that runs in the namespace; here none does.
const inside = "TCPWARM_LAB_INSIDE"
