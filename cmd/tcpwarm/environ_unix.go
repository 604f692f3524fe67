//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"tcpwarm/capture/segment"
)

// The surroundings of a command are what it runs with, and what it must not get hold of:
// its user, the log of its TLS keys, and the file of its packets.
type surroundings struct {
	owner   *account // who runs the command and gets the packets; nil: the same as we
	packets *spool
	keys    *secretLog // nil: the command logs none
}

// enter makes the surroundings, before anything is run in them.
func (t *trial) enter() (*surroundings, error) {
	owner, err := invoker()
	if err != nil {
		return nil, err
	}
	if t.asRoot {
		owner = nil
	}
	e := &surroundings{owner: owner}
	if e.packets, err = newSpool(t.packets); err != nil {
		return nil, err
	}
	if e.keys, err = newSecretLog(owner); err != nil {
		e.packets.close()
		return nil, err
	}
	return e, nil
}

// prepare gives the command its user, its environment and its key log.
func (e *surroundings) prepare(cmd *exec.Cmd) {
	env := os.Environ()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: !inForeground()}
	if who := e.owner; who != nil {
		groups := make([]uint32, len(who.groups))
		for i, g := range who.groups {
			groups[i] = uint32(g)
		}
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(who.uid), Gid: uint32(who.gid), Groups: groups}
		env = append(env, "USER="+who.name, "LOGNAME="+who.name)
		if who.home != "" {
			env = append(env, "HOME="+who.home)
		}
	}
	if e.keys != nil {
		options := strings.TrimSpace(os.Getenv("NODE_OPTIONS") + " --tls-keylog=" + e.keys.name)
		env = append(env, "SSLKEYLOGFILE="+e.keys.name, "NODE_OPTIONS="+options)
	}
	cmd.Env = env
}

// finish gives the packets their name, if the file is whole, and their owner, takes the
// key log away, and returns what is in it. Root is given up: what is left needs no
// rights, and reads what strangers have sent. With what is logged it may return that the file
// could not be given its name: the packets can be judged all the same.
func (e *surroundings) finish(whole bool) (*io.SectionReader, error) {
	logged, err := e.keys.reader()
	if err != nil {
		return nil, err
	}
	if err := e.keys.remove(); err != nil {
		return nil, err
	}
	var publishErr error
	if err := e.packets.publish(e.owner, whole); err != nil {
		publishErr = &segment.WriteError{Err: err}
	}
	if e.owner != nil {
		if err := dropRoot(""); err != nil {
			return nil, err
		}
	}
	return logged, publishErr
}

// leave closes everything, and leaves nothing behind that was not published.
func (e *surroundings) leave() {
	e.keys.remove()
	e.packets.close()
}
