package report

import "unsafe"

// Memory returns about how many bytes c takes.
func (c *Connection) Memory() int {
	const text = 600 // why it was opened, times: what is pointed to
	n := int(unsafe.Sizeof(*c)) + text + len(c.Client) + len(c.Server) + len(c.History) + len(c.Name) + memoryOf(c.Transactions)
	for _, h := range [...]*Half{&c.ClientToServer, &c.ServerToClient} {
		if h.Window != nil {
			n += int(unsafe.Sizeof(*h.Window)) + cap(h.Window.Growth)*int(unsafe.Sizeof(int64(0))) +
				cap(h.Window.Phases)*int(unsafe.Sizeof(WindowPhase{}))
		}
		if h.KernelWindow != nil {
			n += int(unsafe.Sizeof(*h.KernelWindow) + 3*unsafe.Sizeof(Seconds(0)))
		}
		if h.RTT != nil {
			n += int(unsafe.Sizeof(*h.RTT) + 4*unsafe.Sizeof(Seconds(0)))
		}
	}
	if t := c.TLS; t != nil {
		n += int(unsafe.Sizeof(*t)) + len(t.ServerName) + len(t.ALPN)
	}
	if t := c.Tunnel; t != nil {
		n += int(unsafe.Sizeof(*t)) + len(t.Target) + memoryOf(t.Transactions)
	}
	return n
}

// memoryOf returns about how many bytes list takes with its transactions.
func memoryOf(list []*Transaction) int {
	const each = int(unsafe.Sizeof(Transaction{}) + unsafe.Sizeof(Window{}) + 5*unsafe.Sizeof(Seconds(0)))
	n := 0
	for _, t := range list {
		n += each + len(t.Method) + len(t.Target)
	}
	return n
}
