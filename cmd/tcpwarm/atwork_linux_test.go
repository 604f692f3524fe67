package main

import (
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// A group is at work while one of its processes computes, and not while all of them wait.
func TestGroupAtWork(t *testing.T) {
	for script, want := range map[string]bool{
		"sleep 100":                       false,
		"sh -c 'sleep 100; :'":            false,
		"while :; do :; done":             true,
		"sh -c 'while :; do :; done'; :":  true,
		"(while :; do :; done) & read x":  true,
		"sh -c 'kill -STOP $$'; sleep 10": false,
	} {
		cmd := exec.Command("sh", "-c", script)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		atWork, same := groupAtWork(cmd.Process.Pid), 0
		for began := time.Now(); same < 20 && time.Since(began) < 20*time.Second; time.Sleep(5 * time.Millisecond) {
			if same++; atWork() != want { // it has to start first
				same = 0
			}
		}
		if same < 20 {
			t.Errorf("%s: never at work %t for long", script, want)
		}
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		in.Close()
		cmd.Wait()
		if atWork() {
			t.Errorf("%s: at work after its end", script)
		}
	}
}
