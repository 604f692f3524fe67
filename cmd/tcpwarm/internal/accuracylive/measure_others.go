//go:build !linux

package main

import (
	"context"
	"errors"
	"fmt"
)

func measure(context.Context, string, path) error {
	return fmt.Errorf("%w: network namespaces are Linux's", errSkipped)
}

func record(context.Context, string, string, float64) error {
	return errors.New("network namespaces and BPF are Linux's")
}
