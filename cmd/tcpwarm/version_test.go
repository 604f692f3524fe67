package main

import (
	"runtime/debug"
	"testing"
)

func TestVersion(t *testing.T) {
	build := func(version string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: version},
			Settings: append(settings, debug.BuildSetting{Key: "GOOS", Value: "linux"}, debug.BuildSetting{Key: "GOARCH", Value: "amd64"})}
	}
	commit := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"}
	for _, x := range []struct {
		info *debug.BuildInfo
		want string
	}{
		{build("v1.2.3", commit), "v1.2.3 (go1.26.0, linux/amd64)"},
		{build("(devel)", commit), "0123456789ab (go1.26.0, linux/amd64)"},
		{build("", commit, debug.BuildSetting{Key: "vcs.modified", Value: "true"}), "0123456789ab, modified (go1.26.0, linux/amd64)"},
		{build(""), "(devel) (go1.26.0, linux/amd64)"},
	} {
		if got := versionOf(x.info); got != x.want {
			t.Errorf("%q, want %q", got, x.want)
		}
	}
}
