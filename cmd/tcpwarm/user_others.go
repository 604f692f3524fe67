//go:build !unix

package main

import "errors"

// dropRoot has nothing to do where there is no root.
func dropRoot(name string) error {
	if name != "" {
		return errors.New("-Z is not supported on this system")
	}
	return nil
}
