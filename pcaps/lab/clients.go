package main

import (
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
	pkg     string   // whose version counts, of NAME@SERIES; "" is the tool itself
}

// takesArgs are clients that get URLs in their command line, for they read none.
var takesArgs = []string{"curl", "wget"}

// Where npm puts these versions of Node; the others are the machine's.
const (
	node18 = "node/node_modules/node18/bin/node"
	node24 = "node/node_modules/node24/bin/node"
)

const (
	rustClients = "rust/target/debug/lab"
	venvPython  = "python/venv/bin/python"
	jarsPath    = "{work}/jars:java/jars/*"   // of classes
	jars4Path   = "{work}/jars4:java/jars4/*" // of those that cannot be beside them
)

var clients = map[string]client{
	"node18":         {"Node http", "node", "node18", []string{node18, "node/core.js"}, ""},
	"node":           {"Node http", "node", "node", []string{"node", "node/core.js"}, ""},
	"node24":         {"Node http", "node", "node24", []string{node24, "node/core.js"}, ""},
	"http2":          {"Node http2", "node", "node", []string{"node", "node/http2.js"}, ""},
	"axios18":        {"axios", "axios", "node18", []string{node18, "node/axios.js"}, "axios"},
	"axios":          {"axios", "axios", "node", []string{"node", "node/axios.js"}, "axios"},
	"request18":      {"request", "request", "node18", []string{node18, "node/request.js"}, "request"},
	"request":        {"request", "request", "node", []string{"node", "node/request.js"}, "request"},
	"agentkeepalive": {"agentkeepalive", "agentkeepalive", "node", []string{"node", "node/agentkeepalive.js"}, "agentkeepalive"},
	"undici":         {"undici", "undici", "node", []string{"node", "node/undici.js"}, "undici"},
	"undici8":        {"undici", "undici", "node24", []string{node24, "node/undici.js"}, "undici8"},
	"fetch":          {"Node fetch", "undici", "node", []string{"node", "node/fetch.js"}, ""},
	"fetch24":        {"Node fetch", "undici", "node24", []string{node24, "node/fetch.js"}, ""},
	"got":            {"got", "got", "node24", []string{node24, "node/got.mjs"}, "got"},
	"ky":             {"ky", "ky", "node24", []string{node24, "node/ky.mjs"}, "ky"},
	"node-fetch":     {"node-fetch", "node-fetch", "node24", []string{node24, "node/node-fetch.mjs"}, "node-fetch"},
	"superagent":     {"superagent", "superagent", "node24", []string{node24, "node/superagent.mjs"}, "superagent"},
	"reqwest11":      {"reqwest", "reqwest", "rust", []string{rustClients, "reqwest11"}, "reqwest@0.11"},
	"reqwest12":      {"reqwest", "reqwest", "rust", []string{rustClients, "reqwest12"}, "reqwest@0.12"},
	"reqwest":        {"reqwest", "reqwest", "rust", []string{rustClients, "reqwest"}, "reqwest@0.13"},
	"hyper14":        {"hyper", "hyper", "rust", []string{rustClients, "hyper14"}, "hyper@0.14"},
	"hyper":          {"hyper-util", "hyper", "rust", []string{rustClients, "hyper"}, "hyper-util"},
	"ureq":           {"ureq", "ureq", "rust", []string{rustClients, "ureq"}, "ureq"},
	"go":             {"Go net/http", "go", "go", []string{"{work}/goclient"}, ""},
	"resty": {"resty", "go", "gomods", []string{"env", "GOMAXPROCS=2", "{work}/gomods", "resty"},
		"github.com/go-resty/resty/v2"}, // its pool hangs on the number of cores
	"fasthttp":      {"fasthttp", "go", "gomods", []string{"{work}/gomods", "fasthttp"}, "github.com/valyala/fasthttp"},
	"grpc":          {"grpc-go", "go", "gomods", []string{"{work}/gomods", "grpc"}, "google.golang.org/grpc"},
	"curl":          {"curl", "curl", "curl", []string{"curl/drive.sh"}, ""},
	"chromium":      {"Chromium", "chromium", "chromium", []string{"{work}/chromium"}, ""},
	"requests":      {"Python requests", "python", "venv", []string{venvPython, "python/with_requests.py"}, "requests"},
	"urllib3":       {"Python urllib3", "python", "venv", []string{venvPython, "python/with_urllib3.py"}, "urllib3"},
	"httpx":         {"Python httpx", "python", "venv", []string{venvPython, "python/with_httpx.py"}, "httpx"},
	"aiohttp":       {"Python aiohttp", "python", "venv", []string{venvPython, "python/with_aiohttp.py"}, "aiohttp"},
	"boto3":         {"boto3", "python", "venv", []string{venvPython, "python/with_boto3.py"}, "boto3"},
	"httpclient":    {"Python http.client", "python", "python", []string{"python3", "python/with_http_client.py"}, ""},
	"nethttp":       {"Ruby Net::HTTP", "ruby", "ruby", []string{"ruby", "ruby/net_http.rb"}, ""},
	"faraday":       {"Ruby Faraday", "ruby", "faraday", []string{"ruby", "ruby/faraday.rb"}, ""},
	"phpcurl":       {"PHP curl", "php", "php", []string{"php", "php/curl.php"}, ""},
	"guzzle":        {"Guzzle", "php", "guzzle", []string{"php", "php/guzzle.php"}, ""},
	"wget":          {"wget", "wget", "wget", []string{"wget/drive.sh"}, ""},
	"java":          {"Java HttpClient", "java", "java", []string{"java", "-cp", "{work}/java", "Client", "httpclient"}, ""},
	"urlconnection": {"Java HttpURLConnection", "java", "java", []string{"java", "-cp", "{work}/java", "Client", "urlconnection"}, ""},
	"okhttp":        {"OkHttp", "okhttp", "jars", []string{"java", "-cp", jarsPath, "Jars", "okhttp"}, "okhttp-jvm"},
	"apache":        {"Apache HttpClient", "apache", "jars", []string{"java", "-cp", jarsPath, "Jars", "apache"}, "httpclient5"},
	"okhttp4":       {"OkHttp", "okhttp", "jars4", []string{"java", "-cp", jars4Path, "Jars4", "okhttp"}, "okhttp"},
	"apache4":       {"Apache HttpClient", "apache", "jars4", []string{"java", "-cp", jars4Path, "Jars4", "apache"}, "httpclient"},
}

// toolchain is what clients of one language need. prepare is run once, outside
// the namespace, where there may be a network; version shows a version.
type toolchain struct {
	needs   string // program
	prepare []string
	done    string // prepare is not needed if this file is there; "": it always is
	version []string
}

var npm = []string{"npm", "ci", "--prefix", "node", "--no-audit", "--no-fund"}

// jarsBuild fetches the jars of a POM ($0) into a folder ($1), and compiles a class ($2) with them and Lab.
const jarsBuild = "{ ls java/$1/okhttp* || " +
	"mvn --quiet --batch-mode --file java/$0 dependency:copy-dependencies -DoutputDirectory=$1; }" +
	" && javac -d {work}/$1 -cp \"java/$1/*\" java/Lab.java java/$2.java"

var toolchains = map[string]toolchain{
	"node":   {"node", npm, "node/node_modules/axios/package.json", []string{"node", "--version"}},
	"node18": {"node", npm, node18, []string{node18, "--version"}},
	"node24": {"node", npm, node24, []string{node24, "--version"}},
	"rust": {"cargo", []string{"cargo", "build", "--quiet", "--locked", "--manifest-path", "rust/Cargo.toml",
		"--target-dir", "rust/target"},
		"", []string{"rustc", "--version"}},
	"go": {"go", []string{"go", "build", "-o", "{work}/goclient", "./go"}, "", []string{"go", "env", "GOVERSION"}},
	"gomods": {"go", []string{"go", "build", "-C", "gomods", "-o", "{work}/gomods", "."}, "",
		[]string{"go", "env", "GOVERSION"}},
	"curl": {"curl", nil, "", []string{"curl", "--version"}},
	"chromium": {"chromium", []string{"go", "build", "-o", "{work}/chromium", "./chromium"}, "",
		[]string{"chromium", "--version"}},
	"python": {"python3", nil, "", []string{"python3", "--version"}},
	"venv": {"python3", []string{"sh", "-c", "python3 -m venv python/venv && " +
		"python/venv/bin/pip install --quiet --no-deps -r python/requirements.txt"},
		"python/venv/bin/httpx", []string{venvPython, "--version"}},
	"java": {"java", []string{"javac", "-d", "{work}/java", "java/Lab.java", "java/Client.java"}, "",
		[]string{"java", "--version"}},
	"jars":  {"java", []string{"sh", "-c", jarsBuild, "pom.xml", "jars", "Jars"}, "", []string{"java", "--version"}},
	"jars4": {"java", []string{"sh", "-c", jarsBuild, "pom4.xml", "jars4", "Jars4"}, "", []string{"java", "--version"}},
	"ruby":  {"ruby", nil, "", []string{"ruby", "--version"}},
	"faraday": {"ruby", []string{"ruby", "-e", "require 'faraday'; require 'net/http/persistent'"}, "",
		[]string{"ruby", "-e", "require 'faraday'; puts Faraday::VERSION"}},
	"php": {"php", []string{"php", "-r", "exit(function_exists('curl_init') ? 0 : 1);"}, "", []string{"php", "--version"}},
	"guzzle": {"php", []string{"php", "-r", "require 'GuzzleHttp/autoload.php';"}, "",
		[]string{"dpkg-query", "--show", "php-guzzlehttp-guzzle"}}, // the code knows its major version alone
	"tcpwarm": {"go", []string{"go", "build", "-o", "{work}/tcpwarm", "tcpwarm/cmd/tcpwarm"}, "", []string{"go", "env", "GOVERSION"}},
	"wget":    {"wget", nil, "", []string{"wget", "--version"}},
	"nginx":   {"nginx", nil, "", []string{"nginx", "-v"}},
	"haproxy": {"haproxy", nil, "", []string{"haproxy", "-v"}},
	"caddy":   {"caddy", nil, "", []string{"caddy", "version"}},
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
	if c.pkg == "" {
		return c.title + " " + b.version(c.tool), nil
	}
	v, err := b.pinned(c.tool, c.pkg)
	if err != nil {
		return "", err
	}
	if c.tool == "node18" || c.tool == "node24" {
		v += " on Node " + b.version(c.tool)
	}
	return c.title + " " + v, nil
}

// pinned returns a package's version, from the file that pins it.
func (b *bench) pinned(tool, pkg string) (string, error) {
	pkg, series, _ := strings.Cut(pkg, "@")
	file, before := "", ""
	switch tool {
	case "rust":
		file, before = "rust/Cargo.lock", "name = \""+pkg+"\"\nversion = \""+series
	case "venv":
		file, before = "python/requirements.txt", "\n"+pkg+"=="
	case "gomods":
		file, before = "gomods/go.mod", "\t"+pkg+" v"
	case "jars", "jars4":
		file = map[string]string{"jars": "java/pom.xml", "jars4": "java/pom4.xml"}[tool]
		before = "<artifactId>" + pkg + "</artifactId><version>"
	default:
		file, before = filepath.Join("node/node_modules", pkg, "package.json"), "\"version\": \""
	}
	text, err := os.ReadFile(filepath.Join(b.clients, file))
	if err != nil {
		return "", err
	}
	_, after, ok := strings.Cut(string(text), before)
	if !ok {
		return "", fmt.Errorf("%s does not pin %s", file, pkg)
	}
	return versionNumber.FindString(series + after), nil
}
