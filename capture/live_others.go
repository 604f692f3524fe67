//go:build !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd

package capture

import (
	"errors"
	"runtime"
)

// FiltersInKernel says whether a filter of LiveOptions runs where VLAN tags are beside the packet.
const FiltersInKernel = false

func openRing(*LiveOptions) (ring, error) {
	return nil, errors.New("live capture is not supported on " + runtime.GOOS + "; capture with another tool and analyze the file")
}
