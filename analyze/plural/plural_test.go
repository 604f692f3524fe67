package plural

import "testing"

func TestCount(t *testing.T) {
	for want, got := range map[string]string{
		"0 requests":      Count(0, "request"),
		"1 request":       Count(1, "request"),
		"2 requests":      Count(2, "request"),
		"1 loss":          Count(1, "loss"),
		"2 losses":        Count(2, "loss"),
		"2 flashes":       Count(2, "flash"),
		"2 losses, or so": Range(2, 2, "loss") + ", or so",
		"1 to 3 requests": Range(1, 3, "request"),
		"was it":          Were(1) + " " + Them(1),
		"were them":       Were(0) + " " + Them(0),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
