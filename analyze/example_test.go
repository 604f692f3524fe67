package analyze_test

import (
	"context"
	"fmt"

	"tcpwarm/analyze"
	"tcpwarm/capture"
)

// A capture is read, and the verdict printed with what it rests on.
func Example() {
	src, err := capture.Open("../pcaps/axios-two-agents.pcap")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer src.Close()
	r, err := analyze.Run(context.Background(), src, analyze.Options{})
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(r.Verdict, r.Totals.Transactions, "requests,", r.Totals.Used, "connections,", r.Totals.Avoidable, "avoidable")
	// Output: not-reused 2 requests, 2 connections, 1 avoidable
}
