package report

// Kernel is the basis of what the sender's own kernel said of its window, asked while the packets
// were captured on its host. Nothing that is inferred goes into it, nor it into what is inferred.
const Kernel = "kernel"

// A KernelWindow is what the kernel of a half's sender said of its congestion window.
type KernelWindow struct {
	Basis        string   `json:"basis"`               // kernel
	Algorithm    string   `json:"algorithm,omitempty"` // of congestion control, such as cubic
	Answers      int64    `json:"answers"`             // how often it was asked
	Segment      int64    `json:"segment_bytes"`
	First        int64    `json:"first_bytes"`
	Min          int64    `json:"min_bytes"`
	Max          int64    `json:"max_bytes"`
	Last         int64    `json:"last_bytes"`
	Threshold    *int64   `json:"slow_start_threshold_bytes,omitempty"` // last; absent: none yet
	DeliveryRate int64    `json:"delivery_rate_bytes_per_second"`       // last
	RTT          *Seconds `json:"rtt_s,omitempty"`                      // smoothed, last
	MinRTT       *Seconds `json:"min_rtt_s,omitempty"`
}

// A KernelSample is one answer of a kernel.
type KernelSample struct {
	At        Instant
	Window    int64 // bytes
	Threshold int64 // bytes, 0: none yet
	InFlight  int64 // bytes
	Offered   int64 // bytes that the peer permits
	Phase     string
	Algorithm string
	RTT       Seconds
	Rate      int64 // bytes a second
}
