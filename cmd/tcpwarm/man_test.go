package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// Each command has its page, and each of its flags is on it.
func TestManPages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man1")
	if code := run(t.Context(), []string{"man", dir}, strings.NewReader(""), io.Discard, io.Discard); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	for _, c := range newRoot(new(streams), io.Discard).Commands() {
		if !c.IsAvailableCommand() { // help, whose pages the others are
			continue
		}
		page, err := os.ReadFile(filepath.Join(dir, "tcpwarm-"+c.Name()+".1"))
		if err != nil {
			t.Error(err)
			continue
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if name := "--" + f.Name + "\\fP"; !f.Hidden && !strings.Contains(string(page), name) {
				t.Errorf("%s: --%s is not on its page", c.Name(), f.Name)
			}
		})
	}
	if code := run(t.Context(), []string{"man", os.DevNull}, strings.NewReader(""), io.Discard, io.Discard); code != exitInput {
		t.Errorf("where no directory can be: exit code %d, want %d", code, exitInput)
	}
}
