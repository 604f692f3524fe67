package capture

import ("testing";"time";"os";"io";"tcpwarm/capture/segment")

func TestZZBench(t *testing.T) {
	if os.Getenv("CAPB")=="" { t.Skip() }
	for range 3 {
	st:=time.Now()
	r,err:=OpenAll([]string{os.Getenv("CAPB")},nil)
	if err!=nil {t.Fatal(err)}
	var b [4]segment.Batch
	i:=0
	for { err=r.Fill(&b[i%4]); i++; if err!=nil {break} }
	tt:=r.Totals()
	d:=time.Since(st)
	t.Log(err==io.EOF, err, tt.Packets, tt.Segments, tt.Problems, i, d, float64(d.Nanoseconds())/float64(tt.Packets))
	}
}
