//go:build unix

package main

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// An account is a user as the system needs it.
type account struct {
	uid, gid int
	groups   []int
	home     string
	name     string
}

// lookup finds a user by name or number.
func lookup(name string) (*account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		if u, err = user.LookupId(name); err != nil {
			return nil, fmt.Errorf("no user is called %q", name)
		}
	}
	a := &account{home: u.HomeDir, name: u.Username}
	if a.uid, err = strconv.Atoi(u.Uid); err != nil {
		return nil, err
	}
	if a.gid, err = strconv.Atoi(u.Gid); err != nil {
		return nil, err
	}
	ids, _ := u.GroupIds()
	for _, id := range ids {
		if n, err := strconv.Atoi(id); err == nil {
			a.groups = append(a.groups, n)
		}
	}
	return a, nil
}

// invoker is the user who called sudo, nil if nobody did.
func invoker() (*account, error) {
	uid := os.Getenv("SUDO_UID")
	if os.Geteuid() != 0 || uid == "" || uid == "0" {
		return nil, nil
	}
	a, err := lookup(uid)
	if err != nil { // no such account: numbers will do
		n, err := strconv.Atoi(uid)
		if err != nil {
			return nil, fmt.Errorf("SUDO_UID is %q", uid)
		}
		gid, err := strconv.Atoi(os.Getenv("SUDO_GID"))
		if err != nil {
			return nil, fmt.Errorf("SUDO_GID is %q", os.Getenv("SUDO_GID"))
		}
		return &account{uid: n, gid: gid, groups: []int{gid}, name: os.Getenv("SUDO_USER")}, nil
	}
	return a, nil
}

// dropRoot makes the process another user's, for good: the one named, else the one
// who called sudo, if anybody did.
func dropRoot(name string) error {
	a, err := invoker()
	if name != "" {
		a, err = lookup(name)
	}
	if err != nil || a == nil {
		return err
	}
	if err := syscall.Setgroups(a.groups); err != nil {
		return fmt.Errorf("become %s: %w", a.name, err)
	}
	if err := syscall.Setgid(a.gid); err != nil {
		return fmt.Errorf("become %s: %w", a.name, err)
	}
	if err := syscall.Setuid(a.uid); err != nil {
		return fmt.Errorf("become %s: %w", a.name, err)
	}
	return nil
}
