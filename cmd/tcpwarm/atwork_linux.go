package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// groupAge is how long it is taken for known which processes a group has.
const groupAge = 100 * time.Millisecond

// groupAtWork returns what reports whether a process group computes, or would if it had a
// processor, or the disk had answered (proc_pid_stat(5): R and D). It is for one goroutine.
func groupAtWork(group int) func() bool {
	var members []string
	var listed time.Time
	return func() bool {
		if time.Since(listed) > groupAge {
			members, listed = groupMembers(group), time.Now()
		}
		for _, dir := range members {
			threads, _ := os.ReadDir(dir + "/task")
			for _, t := range threads {
				if state, _ := processState(dir + "/task/" + t.Name()); state == 'R' || state == 'D' {
					return true
				}
			}
		}
		return false
	}
}

// groupMembers returns the folders of a group's processes.
func groupMembers(group int) (dirs []string) {
	all, _ := os.ReadDir("/proc")
	for _, e := range all {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		if _, of := processState("/proc/" + e.Name()); of == group {
			dirs = append(dirs, "/proc/"+e.Name())
		}
	}
	return dirs
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
