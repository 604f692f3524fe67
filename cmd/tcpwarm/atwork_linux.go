package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// groupAtWork returns what reports whether a process group computes, or would if it had a
// processor, or the disk had answered (proc_pid_stat(5): R and D). It follows the group's leader to
// its children (proc_tid_children(5)): what has left the group, or lost its parent, is not seen.
func groupAtWork(leader int) func() bool {
	return func() bool { return atWork(strconv.Itoa(leader), leader) }
}

// atWork reports it of a process and those that it has started.
func atWork(process string, group int) bool {
	dir := "/proc/" + process + "/task/"
	threads, _ := os.ReadDir(dir)
	for _, t := range threads {
		state, of := processState(dir + t.Name())
		if of != group {
			return false
		}
		if state == 'R' || state == 'D' {
			return true
		}
		children, _ := os.ReadFile(dir + t.Name() + "/children")
		for _, child := range strings.Fields(string(children)) {
			if atWork(child, group) {
				return true
			}
		}
	}
	return false
}

// processState returns the state and the process group of a process or thread, 0 and 0 if it has
// ended. Its name, in brackets, may hold anything.
func processState(dir string) (state byte, group int) {
	b, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return 0, 0
	}
	var parent int
	fmt.Sscanf(string(b[bytes.LastIndexByte(b, ')')+1:]), " %c %d %d", &state, &parent, &group)
	return state, group
}
