// Package pcaps holds the samples: small captures of real clients, recorded by
// us. README.md says how each was made and what it shows.
package pcaps

import _ "embed"

// A Sample is an embedded capture.
type Sample struct {
	Name  string // file name
	About string // one line
	Data  []byte
}

var (
	//go:embed axios-two-agents.pcap
	axiosTwoAgents []byte
	//go:embed node-shared-agent.pcap
	nodeSharedAgent []byte
)

// Demo returns the samples of the demo command: a client that only says it
// reuses, and one that does.
func Demo() []Sample {
	return []Sample{
		{"axios-two-agents.pcap", "axios with two keep-alive agents: every request says keep-alive", axiosTwoAgents},
		{"node-shared-agent.pcap", "Node with one keep-alive agent for all requests", nodeSharedAgent},
	}
}
