//go:build !linux

package sockdiag

import "errors"

func newAsker() (asker, error) {
	return nil, errors.New("only Linux tells the windows of its sockets")
}
