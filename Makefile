# make help lists the targets.
GO ?= go
# Runs, not seconds: at the end of a time Go before 1.27 now and then fails a target
# that found nothing with "context deadline exceeded" (go.dev/issue/75804).
FUZZRUNS ?= 200000
VULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.1.4
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: race-short terminal-picture wireshark-picture robust soak vuln accuracy accuracy-live accuracy-new mutants profile help build check test race fuzz bench cover cross fmt vet lint tidy pcaps

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 15

build: ## the command, without cgo
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w' -o tcpwarm ./cmd/tcpwarm

test: ## all tests
	$(GO) test ./...

check: fmt vet lint vuln race tidy ## what CI holds: format, vet, staticcheck, govulncheck, layers and all tests with the race detector, tidy

fmt:
	@out=$$(gofmt -l .); if [ -n "$$out" ]; then echo "gofmt would change:"; echo "$$out"; exit 1; fi

vet:
	$(GO) vet ./...

lint: ## staticcheck
	$(GO) run $(STATICCHECK) ./...

vuln: ## govulncheck, where its database can be reached
	@out=$$($(GO) run $(VULNCHECK) ./... 2>&1); code=$$?; \
	if [ $$code = 0 ] || [ $$code = 3 ]; then echo "$$out" | tail -20; exit $$code; fi; \
	if echo "$$out" | grep -q '^Vulnerability #'; then echo "$$out"; exit 1; fi; \
	echo "govulncheck did not run (no network?):"; echo "$$out" | tail -3

race: ## all tests with the race detector
	$(GO) test -race ./...

race-short: ## the shorter tests of the packages that start goroutines, themselves or in tests, with the race detector
	$(GO) test -race -short $$($(GO) list -f '{{.Dir}}' ./... | while read -r dir; do \
	  grep -qE '\bgo (func|[a-z][A-Za-z.]*\()|\.Go\(|t\.Parallel' $$dir/*.go && echo $$dir; done)

tidy:
	$(GO) mod tidy -diff

cover: ## coverage by package
	$(GO) test -coverprofile=cover.out ./... && $(GO) tool cover -func=cover.out | tail -1

# N mutants drawn by SEED from packages MUTATE, and more FLAGS of the tool (its -h says which).
N ?= 300
SEED ?= 1
MUTATE ?= ./analyze/...

mutants: ## changes operators at random, and says which changes no test notices; N, SEED, MUTATE, FLAGS
	$(GO) run ./cmd/tcpwarm/internal/mutants -n $(N) --seed $(SEED) $(FLAGS) $(MUTATE)

bench: ## every benchmark six times, for benchstat
	$(GO) test -run '^$$' -bench . -benchmem -count 6 ./...

profile: ## what the compiler is told of the hot path, again (after larger changes)
	dir=$$(mktemp -d) && \
	$(GO) test -trimpath -run '^$$' -bench 'Analyze$$' -benchtime 5x -cpuprofile $$dir/many -o /dev/null ./cmd/tcpwarm && \
	$(GO) test -trimpath -run '^$$' -bench 'AnalyzeBulk$$' -benchtime 600x -cpuprofile $$dir/bulk -o /dev/null ./cmd/tcpwarm && \
	$(GO) tool pprof -proto $$dir/many $$dir/bulk >cmd/tcpwarm/default.pgo; rm -rf $$dir

pcaps: ## record all samples again, with their truth, examine the clients, and write the guide
	$(GO) run ./pcaps/lab
	$(GO) run ./pcaps/lab --challenge --readme
	$(GO) test ./pcaps/lab -run TestGolden -update
	$(GO) test ./cmd/tcpwarm -run TestGuide -update

# TRUTH holds captures with the kernel's own window, and the program that compares.
TRUTH ?= ../shared/truth/cwnd

robust: build ## hostile captures of many kinds: time, memory and verdict; writes README's table
	$(GO) run ./cmd/tcpwarm/internal/robust --binary ./tcpwarm --readme README.md $(FLAGS)

# SOAK is how long.
SOAK ?= 20m

soak: build ## live traffic for long, in a network namespace: memory stays, nothing is lost (Linux, root)
	$(GO) build -o tcpwarm-soak ./cmd/tcpwarm/internal/soak && ./tcpwarm-soak --binary ./tcpwarm --for $(SOAK); code=$$?; rm -f tcpwarm-soak; exit $$code

accuracy: build ## errors of the congestion window against the kernel's, and other tools' beside them, where the data is present
	@if [ ! -f $(TRUTH)/run.py ]; then echo "accuracy: no captures with the truth in $(TRUTH)"; exit 0; fi; \
	python3 $(TRUTH)/run.py ./tcpwarm $(TRUTH)/train --vantage both; \
	$(GO) build -o tcpwarm-baseline ./cmd/tcpwarm/internal/baseline; \
	for tool in tshark tcptrace; do \
	  if command -v $$tool >/dev/null; then \
	    echo "== $$tool: data in flight"; \
	    BASELINE=$$tool python3 $(TRUTH)/run.py ./tcpwarm-baseline $(TRUTH)/train --vantage both | grep -A12 '^phase'; \
	  else echo "not run: $$tool is not installed"; fi; \
	done; rm -f tcpwarm-baseline

accuracy-live: build ## a transfer in network namespaces, captured live: the window beside what the kernel says of it (Linux, root); FLAGS
	$(GO) build -o tcpwarm-live ./cmd/tcpwarm/internal/accuracylive && ./tcpwarm-live --binary ./tcpwarm $(FLAGS); code=$$?; rm -f tcpwarm-live; exit $$code

# NEWPATHS gets the recorded transfers.
NEWPATHS ?= newpaths

accuracy-new: build ## records transfers over other paths, with every event of the sender's kernel, and judges the windows on them (Linux, root)
	$(GO) build -o tcpwarm-live ./cmd/tcpwarm/internal/accuracylive && ./tcpwarm-live --record $(NEWPATHS) $(FLAGS); code=$$?; rm -f tcpwarm-live; \
	if [ $$code != 0 ]; then exit $$code; fi; \
	if [ ! -f $(TRUTH)/run.py ]; then echo "accuracy-new: recorded in $(NEWPATHS); nothing to compare with in $(TRUTH)"; exit 0; fi; \
	python3 $(TRUTH)/run.py ./tcpwarm $(NEWPATHS) --vantage both

# What Wireshark is set up with for its picture: a column of the comments, and nothing that takes room from it.
define WIRESHARK_PREFERENCES
gui.column.format: "No.", "%m", "Time", "%t", "Source port", "%Cus:tcp.srcport:0:R", "Packet comment", "%Cus:frame.comment:0:R"
privs.warn_if_elevated: FALSE
endef
define WIRESHARK_RECENT
gui.geometry_main_x: 0
gui.geometry_main_y: 0
gui.geometry_main_width: 1120
gui.geometry_main_height: 528
gui.toolbar_main_show: FALSE
gui.byte_view_show: FALSE
gui.statusbar_show: FALSE
gui.geometry_main_upper_pane: 380
column.width: %m, 50, %t, 80, %Cus:tcp.srcport:0:R, 90, %Cus:frame.comment:0:R, 890
endef
export WIRESHARK_PREFERENCES WIRESHARK_RECENT

wireshark-picture: build ## README's picture of Wireshark, taken anew (wireshark, xvfb, imagemagick)
	@dir=$$(mktemp -d) && printf '%s\n' "$$WIRESHARK_PREFERENCES" >$$dir/preferences && \
	printf '%s\n' "$$WIRESHARK_RECENT" | tee $$dir/recent >$$dir/recent_common && \
	./tcpwarm analyze --report pcapng=$$dir/annotated.pcapng pcaps/axios/axios-each.pcap >/dev/null && \
	WIRESHARK_CONFIG_DIR=$$dir HOME=$$dir LC_ALL=C.UTF-8 xvfb-run -a -s '-screen 0 1120x528x24' sh -c ' \
	  wireshark -r "$$0/annotated.pcapng" -g 8 -Y "frame.comment contains \"tcpwarm\"" 2>/dev/null & \
	  sleep 10; import -window root "$$0/all.png"; kill $$!' $$dir && \
	convert $$dir/all.png -colors 64 -strip png8:analyze/report/comments/wireshark.png; rm -rf $$dir

terminal-picture: build ## README's pictures of the terminal, taken anew of live runs (Linux, root)
	$(GO) run ./cmd/tcpwarm/internal/terminalpicture --binary ./tcpwarm

cross: ## builds for other systems, and vets the tests there
	GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 $(GO) build ./...
	GOOS=freebsd GOARCH=amd64 CGO_ENABLED=0 $(GO) build ./...
	GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 $(GO) vet ./...
	GOOS=freebsd GOARCH=amd64 CGO_ENABLED=0 $(GO) vet ./...
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) vet ./analyze/... ./capture/... ./cmd/tcpwarm

fuzz: ## each fuzz target, FUZZRUNS inputs
	@for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    echo "$$pkg $$target"; \
	    out=$$($(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZRUNS)x -fuzzminimizetime 5x $$pkg) || { echo "$$out"; exit 1; }; \
	    echo "$$out" | tail -1; \
	  done; \
	done
