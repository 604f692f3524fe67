//go:build !linux

package main

import "fmt"

func take(binary, folder string) error { return fmt.Errorf("%w: namespaces are Linux's", errSkipped) }
