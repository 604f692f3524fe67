//go:build !linux

package main

import "errors"

func isolate(*streams) (int, error) {
	return 0, errors.New("--isolated needs Linux's namespaces")
}

func isIsolated() bool { return false }

func loopbackUp() error { return nil }
