package capture

import (
	"testing"

	"tcpwarm/capture/assigned"
)

func TestLinkOfDLT(t *testing.T) {
	for _, x := range []struct {
		goos string
		dlt  int
		want uint32
	}{
		{"darwin", 0, assigned.LinkNull}, {"freebsd", 0, assigned.LinkNull}, {"freebsd", 1, assigned.LinkEthernet},
		{"freebsd", 12, assigned.LinkRaw}, {"openbsd", 12, assigned.LinkLoop}, {"openbsd", 14, assigned.LinkRaw},
		{"netbsd", 108, assigned.LinkLoop}, {"darwin", 9, 9},
	} {
		if got := linkOfDLT(x.goos, x.dlt); got != x.want {
			t.Errorf("%s: DLT %d is link type %d, want %d", x.goos, x.dlt, got, x.want)
		}
	}
}
