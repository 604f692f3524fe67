package conn

import "testing"

// What happens again and again is written the first time, the 10th, the 100th, and so on, for each
// side by itself.
func TestRepeatedLetters(t *testing.T) {
	var h history
	want := ""
	for n := 1; n <= 2000; n++ {
		h.repeated(1, resentCount, 'T')
		if n == 1 || n == 10 || n == 100 || n == 1000 {
			want += "t"
		}
		if n == 50 {
			h.repeated(0, resentCount, 'T')
			h.repeated(1, zeroCount, 'W')
			want += "Tw"
		}
	}
	if string(h.letters) != want {
		t.Errorf("%q, want %q", h.letters, want)
	}
}
