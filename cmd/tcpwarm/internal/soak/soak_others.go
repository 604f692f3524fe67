//go:build !linux

package main

import (
	"context"
	"fmt"
	"time"
)

func soak(context.Context, string, string, time.Duration, int) error {
	return fmt.Errorf("%w: network namespaces are Linux's", errSkipped)
}
