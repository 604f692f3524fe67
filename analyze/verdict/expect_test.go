package verdict

import "testing"

func TestHolds(t *testing.T) {
	for _, c := range []struct {
		text     string
		low, hi  float64
		held, ok bool
	}{
		{"used<=2", 2, 2, true, true},
		{"used<=2", 3, 3, false, true},
		{"used<=2", 1, 3, false, false}, // only bounded, and the bounds straddle it
		{"used < 2", 2, 4, false, true},
		{"reuse>=0.9", 0.95, 1, true, true},
		{"avoidable==0", 0, 0, true, true},
		{"avoidable==0", 0, 1, false, false},
		{"avoidable==0", 1, 2, false, true},
		{"avoidable!=0", 1, 2, true, true},
		{"used>3", 3, 4, false, false},
	} {
		e, err := ParseExpectation(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if held, ok := e.Holds(Interval{c.low, c.hi}); held != c.held || ok != c.ok {
			t.Errorf("%s of %v to %v: %v, %v; want %v, %v", c.text, c.low, c.hi, held, ok, c.held, c.ok)
		}
	}
}

func TestParseExpectationRefuses(t *testing.T) {
	for _, text := range []string{"", "used", "speed<3", "used<=", "used<=x", "used=3", "used<=NaN"} {
		if e, err := ParseExpectation(text); err == nil {
			t.Errorf("%q gives %v, want an error", text, e)
		}
	}
}
