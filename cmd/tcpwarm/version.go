package main

import "runtime/debug"

// version says which build this is: the module's version, else the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown build)"
	}
	return versionOf(info)
}

func versionOf(info *debug.BuildInfo) string {
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	v := info.Main.Version
	if commit := settings["vcs.revision"]; (v == "" || v == "(devel)") && commit != "" {
		v = commit[:min(len(commit), 12)]
		if settings["vcs.modified"] == "true" {
			v += ", modified"
		}
	}
	if v == "" {
		v = "(devel)"
	}
	return v + " (" + info.GoVersion + ", " + settings["GOOS"] + "/" + settings["GOARCH"] + ")"
}
