package main

import (
	"strings"
	"testing"
)

// Each answer of the kernel is held against the estimate of its half that was in force then:
// not a later one, nor another half's.
func TestDeviations(t *testing.T) {
	lines, err := readSeries(strings.NewReader(`time_epoch_s,connection,src,sport,event,cwnd_bytes,basis
1.0,1,a,80,window,1000,assumed
1.5,1,a,80,slow-start-exit,700,
2.0,1,a,80,window,2200,observed
2.0,1,b,90,window,9000,inferred
4.0,1,a,80,window,,inferred
0.5,1,a,80,kernel,1000,kernel
1.9,1,a,80,kernel,1000,kernel
3.0,1,a,80,kernel,2000,kernel
5.0,1,a,80,kernel,2000,kernel
3.0,1,c,70,kernel,2000,kernel
`))
	if err != nil {
		t.Fatal(err)
	}
	got := deviations(lines)
	if len(got) != 2 || got[0] != (deviation{0, "assumed"}) || got[1].basis != "observed" || got[1].by < 0.099 || got[1].by > 0.101 {
		t.Errorf("%+v", got)
	}
	var b strings.Builder
	show(&b, append(got, deviation{0.5, "observed"}))
	for _, want := range []string{"all               3       66.7 %", "observed          2       50.0 %", "assumed           1      100.0 %"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "inferred") {
		t.Errorf("nothing was inferred:\n%s", b.String())
	}
}

func TestSeriesThatIsNone(t *testing.T) {
	for _, text := range []string{"", "a,b\n1\n", "time_epoch_s,connection,src,sport,event,cwnd_bytes,basis\nnoon,1,a,80,window,1,observed\n"} {
		if lines, err := readSeries(strings.NewReader(text)); err == nil {
			t.Errorf("%q: %+v", text, lines)
		}
	}
}
