//go:build unix

package main

import (
	"fmt"
	"os/exec"

	"tcpwarm/capture/process"
	"tcpwarm/capture/segment"
)

// ownConns tell a command's connections from those of others.
type ownConns struct {
	scope string         // which are judged, in words
	group *process.Watch // nil: nothing tells them
	made  map[process.Connection]bool
	lost  int64 // of how many the group does not know whose they are
}

// own tells the command's connections by its control group, where that can be had and is needed.
func (t *trial) own() *ownConns {
	if t.isolated {
		return &ownConns{scope: "every connection of the command's own network namespace"}
	}
	group, err := process.New()
	if err != nil {
		return &ownConns{scope: fmt.Sprintf("every connection that was captured, because nothing tells the command's "+
			"from others': %v", err)}
	}
	return &ownConns{scope: "the command's connections, told by its control group", group: group}
}

func (c *ownConns) enter(cmd *exec.Cmd) {
	if c.group != nil {
		c.group.Enter(cmd.SysProcAttr)
	}
}

// collect takes the connections that were made from the group, and closes it.
func (c *ownConns) collect() (err error) {
	if c.group == nil {
		return nil
	}
	if c.made, c.lost, err = c.group.Connections(); err == nil {
		c.close()
	}
	return err
}

func (c *ownConns) close() {
	if c.group != nil {
		c.group.Close()
	}
}

// judged reports of a connection, by its ends as o shows them, whether it is the command's.
func (c *ownConns) judged(o *output) func(client, server segment.Endpoint) bool {
	shown := make(map[process.Connection]bool, len(c.made))
	for m := range c.made {
		shown[process.Connection{Client: o.redactor().Endpoint(m.Client), Server: o.redactor().Endpoint(m.Server)}] = true
	}
	return func(client, server segment.Endpoint) bool {
		return shown[process.Connection{Client: client, Server: server}]
	}
}
