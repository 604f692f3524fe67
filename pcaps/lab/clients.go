package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// client is a library with what runs it.
type client struct {
	title   string   // in the table, without its version
	folder  string   // of its samples
	tool    string   // key of toolchains
	command []string // MODE and URL are put in; {work} is the lab's temporary folder
	pkg     string   // npm package, crate or Python module whose version counts; "" is the tool itself
}

const node18 = "node/node_modules/node/bin/node" // npm's package node, pinned to 18

var clients = map[string]client{
	"node18":         {"Node http", "node", "node18", []string{node18, "node/core.js"}, ""},
	"node":           {"Node http", "node", "node", []string{"node", "node/core.js"}, ""},
	"axios18":        {"axios", "axios", "node18", []string{node18, "node/axios.js"}, "axios"},
	"axios":          {"axios", "axios", "node", []string{"node", "node/axios.js"}, "axios"},
	"request18":      {"request", "request", "node18", []string{node18, "node/request.js"}, "request"},
	"request":        {"request", "request", "node", []string{"node", "node/request.js"}, "request"},
	"agentkeepalive": {"agentkeepalive", "agentkeepalive", "node", []string{"node", "node/agentkeepalive.js"}, "agentkeepalive"},
	"undici":         {"undici", "undici", "node", []string{"node", "node/undici.js"}, "undici"},
	"fetch":          {"Node fetch", "undici", "node", []string{"node", "node/fetch.js"}, ""},
	"reqwest":        {"reqwest", "reqwest", "rust", []string{"rust/target/release/lab", "reqwest"}, "reqwest"},
	"hyper":          {"hyper", "hyper", "rust", []string{"rust/target/release/lab", "hyper"}, "hyper"},
	"go":             {"Go net/http", "go", "go", []string{"{work}/goclient"}, ""},
	"curl":           {"curl", "curl", "curl", []string{"curl/drive.sh"}, ""},
	"requests":       {"Python requests", "python", "python", []string{"python3", "python/with_requests.py"}, "requests"},
	"httpclient":     {"Python http.client", "python", "python", []string{"python3", "python/with_http_client.py"}, ""},
	"java":           {"Java HttpClient", "java", "java", []string{"java", "java/Client.java"}, ""},
}

// toolchain is what clients of one language need. prepare is run once, outside
// the namespace, where there may be a network; version shows a version.
type toolchain struct {
	needs   string   // program
	debian  []string // packages it comes in, installed where apt is
	prepare []string
	done    string // prepare is not needed if this file is there; "": it always is
	version []string
}

// Cargo finds the crates where Debian's packages put them.
const debianCrates = "/usr/share/cargo/registry"

var rustPackages = []string{"librust-reqwest-dev", "librust-hyper-dev", "librust-hyper-tls-dev",
	"librust-native-tls-dev", "librust-tokio-dev"}

var toolchains = map[string]toolchain{
	"node": {"node", nil, []string{"npm", "ci", "--prefix", "node", "--no-audit", "--no-fund"},
		"node/node_modules/axios/package.json", []string{"node", "--version"}},
	"node18": {"node", nil, []string{"npm", "ci", "--prefix", "node", "--no-audit", "--no-fund"}, node18, []string{node18, "--version"}},
	"rust": {"cargo", rustPackages, []string{"cargo", "build", "--quiet", "--release", "--offline", "--manifest-path", "rust/Cargo.toml",
		"--config", `source.crates-io.replace-with="debian"`, "--config", `source.debian.directory="` + debianCrates + `"`},
		"", []string{"rustc", "--version"}},
	"go":     {"go", nil, []string{"go", "build", "-o", "{work}/goclient", "./go"}, "", []string{"go", "env", "GOVERSION"}},
	"curl":   {"curl", nil, nil, "", []string{"curl", "--version"}},
	"python": {"python3", nil, nil, "", []string{"python3", "--version"}},
	"java":   {"java", nil, nil, "", []string{"java", "--version"}},
	"nginx":  {"nginx", nil, nil, "", []string{"nginx", "-v"}},
}

// A bench is where clients are run.
type bench struct {
	clients string // folder of the clients' sources
	work    string // temporary folder
}

// words puts the bench's folder into a command.
func (b *bench) words(command []string) []string {
	var out []string
	for _, w := range command {
		out = append(out, strings.ReplaceAll(w, "{work}", b.work))
	}
	return out
}

// command is exec.Command in the clients' folder.
func (b *bench) command(words ...string) *exec.Cmd {
	words = b.words(words)
	if strings.Contains(words[0], "/") && !filepath.IsAbs(words[0]) {
		words[0] = filepath.Join(b.clients, words[0])
	}
	c := exec.Command(words[0], words[1:]...)
	c.Dir = b.clients
	return c
}

// prepare makes a toolchain ready, or says why it is not there.
func (b *bench) prepare(name string) error {
	t := toolchains[name]
	install(t.debian)
	if _, err := exec.LookPath(t.needs); err != nil {
		return fmt.Errorf("%s is not here", t.needs)
	}
	if t.prepare == nil {
		return nil
	}
	if t.done != "" {
		if _, err := os.Stat(filepath.Join(b.clients, t.done)); err == nil {
			return nil
		}
	}
	out, err := b.command(t.prepare...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %v: %s", t.prepare[0], err, lastLine(out))
	}
	return nil
}

// install gets what lacks of Debian's packages. Where that is not possible, what comes
// after says what is missing.
func install(packages []string) {
	if len(packages) == 0 || os.Getuid() != 0 || exec.Command("dpkg-query", append([]string{"--status"}, packages...)...).Run() == nil {
		return
	}
	c := exec.Command("apt-get", append([]string{"install", "--yes", "--no-install-recommends"}, packages...)...)
	c.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	c.Run()
}

func lastLine(b []byte) string {
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return lines[len(lines)-1]
}

var versionNumber = regexp.MustCompile(`\d+\.\d+[\w.]*`)

// version returns the version of a toolchain's program, "" if it says none.
func (b *bench) version(tool string) string {
	out, _ := b.command(toolchains[tool].version...).CombinedOutput()
	return versionNumber.FindString(string(out))
}

// title returns a client's name and version.
func (b *bench) title(key string) (string, error) {
	c := clients[key]
	v := b.version(c.tool)
	var err error
	switch {
	case c.pkg == "":
	case c.tool == "rust":
		v, err = b.crate(c.pkg)
	case c.tool == "python":
		v = b.python(c.pkg)
	default:
		v, err = b.npm(c.pkg)
	}
	if c.pkg != "" && c.tool == "node18" {
		v += " on Node " + b.version(c.tool)
	}
	return c.title + " " + v, err
}

func (b *bench) npm(pkg string) (string, error) {
	text, err := os.ReadFile(filepath.Join(b.clients, "node/node_modules", pkg, "package.json"))
	if err != nil {
		return "", err
	}
	var p struct{ Version string }
	err = json.Unmarshal(text, &p)
	return p.Version, err
}

// crate looks into the lock file that the build wrote.
func (b *bench) crate(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(b.clients, "rust/Cargo.lock"))
	if err != nil {
		return "", err
	}
	_, after, _ := strings.Cut(string(text), "name = \""+name+"\"\nversion = ")
	return versionNumber.FindString(after), nil
}

func (b *bench) python(module string) string {
	out, _ := b.command("python3", "-c", "import "+module+"; print("+module+".__version__)").Output()
	return strings.TrimSpace(string(out))
}
