# freehold: `make demo` shows it, `make test` proves it.

SHELL       := /bin/bash
GO          ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.1
SQLC        := github.com/sqlc-dev/sqlc/cmd/sqlc@v1.31.1
VERSION     := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
FUZZTIME    ?= 30s
BENCHTIME   ?= 1s
PACKAGES    := ./...

# Programs that tests meet for real, with the Debian package that brings each
# and the tests that skip without it.
NEEDED := \
	named:bind9:"DNS facts against BIND" \
	dnssec-signzone:bind9-utils:"zones signed by BIND's tools" \
	delv:bind9-dnsutils:"DNSSEC validation against delv, the lab by dig" \
	named-compilezone:bind9-utils:"zone files against BIND's compiler" \
	kdig:knot-dnsutils:"benchmarks of transfers against kdig" \
	ldns-compare-zones:ldnsutils:"benchmarks of comparison against ldns" \
	nsd:nsd:"DNS facts against NSD" \
	knotd:knot:"DNS facts against Knot" \
	pdns_server:pdns-server:"DNS facts against PowerDNS" \
	unbound:unbound:"DNSSEC validation against unbound" \
	whois:whois:"WHOIS by Debian's client" \
	curl:curl:"the lab by curl" \
	ip:iproute2:"servers in a private network namespace" \
	pg_ctl:postgresql:"the store on PostgreSQL" \
	age:age:"sealed codes opened by age itself" \
	xmllint:libxml2-utils:"EPP frames against the schemas of the RFCs" \
	zsh:zsh:"completion in zsh" \
	fish:fish:"completion in fish" \
	mandoc:mandoc:"the manual pages" \
	chromium:chromium:"the page and the cards in a browser" \
	npm:npm:"fetching axe-core, which checks that the page is accessible" \
	exim4:exim4-daemon-light:"letters through a real mail server (as root)" \
	ssh-keygen:openssh-client:"signed decisions against ssh-keygen" \
	gcc:gcc:"the race detector"
PACKAGES_DEBIAN := bind9 bind9-utils bind9-dnsutils nsd knot knot-dnsutils pdns-server pdns-backend-bind pdns-backend-sqlite3 pdns-tools ldnsutils \
	unbound dns-root-data whois curl age iproute2 util-linux postgresql zsh fish mandoc chromium gcc libc6-dev libxml2-utils libnet-epp-perl openssh-client exim4-daemon-light

# The checker of accessibility, kept outside the tree: its version and digest are
# those of internal/report/browser_test.go.
AXE         := axe-core-4.14.1
CACHE       := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/freehold

.PHONY: help build man demo test check deps missing bench fuzz golden soak generate clean

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: ## build bin/freehold (static, no C)
	@mkdir -p bin
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/freehold ./cmd/freehold

man: build ## write the manual pages, in three languages, below bin/man
	@bin/freehold man bin/man

demo: build ## build, then audit the lab's names: an offline world, no network used
	@bin/freehold audit --lab --no-save || test $$? -eq 3

test: $(if $(filter true,$(CI)),deps,missing) check ## the one command that passes the tests: vet, staticcheck, race detector
	@if [ "$(CI)" = true ]; then \
		CGO_ENABLED=1 $(GO) test -race -count=1 -timeout 30m -v $(PACKAGES) > test.out 2>&1; status=$$?; \
		grep -E '^(ok|FAIL|---? FAIL|panic|\s+---? FAIL)|corpus|_test.go:[0-9]+: .*(ratio|agree)' test.out || true; \
		if [ $$status -ne 0 ]; then echo '--- the failing output:'; grep -nE -B40 '^\s*--- FAIL|^panic|DATA RACE|^FAIL' test.out | tail -n 400; exit $$status; fi; \
		if grep -E '^\s*--- SKIP' test.out; then echo 'tests skipped: in CI nothing may skip'; exit 1; fi; \
		rm -f test.out; \
	else CGO_ENABLED=1 $(GO) test -race -timeout 30m $(PACKAGES); fi

check: ## vet, staticcheck (pinned), gofmt, a tidy go.mod
	$(GO) vet $(PACKAGES)
	$(GO) run $(STATICCHECK) $(PACKAGES)
	@bad=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$bad" || { echo "not gofmt'd: $$bad"; exit 1; }
	$(GO) mod tidy -diff

missing: # names what is not on this machine, and which tests skip for it
	@export PATH=$$PATH:/usr/sbin:/sbin:$$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1); \
	for n in $(NEEDED); do \
		prog=$${n%%:*}; rest=$${n#*:}; \
		command -v $$prog >/dev/null || echo "missing $$prog (package $${rest%%:*}): skips $${rest#*:}; 'make deps' installs it"; \
	done; \
	test -f "$(CACHE)/$(AXE)/axe.min.js" || echo "missing $(AXE): skips that the page is accessible; 'make deps' fetches it"

deps: ## install what the tests need (Debian, as root or with sudo)
	@sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	need=; for p in $(PACKAGES_DEBIAN); do dpkg -s $$p >/dev/null 2>&1 || need="$$need $$p"; done; \
	command -v npm >/dev/null || need="$$need npm"; : with other packages of Node.js it is there already; \
	if [ -n "$$need" ]; then \
		$$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$need >/dev/null && echo "installed:$$need"; \
	fi
	@test -f "$(CACHE)/$(AXE)/axe.min.js" || { \
		tmp=$$(mktemp -d) && (cd $$tmp && npm pack --silent $(subst core-,core@,$(AXE)) >/dev/null && tar -xzf $(AXE).tgz) && \
		mkdir -p "$(CACHE)/$(AXE)" && cp $$tmp/package/axe.min.js "$(CACHE)/$(AXE)/" && rm -rf $$tmp && echo "fetched: $(AXE)"; }

bench: ## benchmarks beside peers and bare loops, and the table of their ratios (docs/bench.md)
	@set -o pipefail; CGO_ENABLED=0 $(GO) test -p 1 -run '^$$' -bench . -benchtime $(BENCHTIME) -timeout 60m $(PACKAGES) 2>&1 \
		| grep --line-buffered -vE '^(ok|\?|PASS|goos|goarch|cpu|pkg:.*no test)' | tee bench.out
	@printf '\n%8s  %s\n' ratio of; sed -nE 's/^(.*[^ (]) *\(?ratio ([0-9.]+)\)?$$/\2\t\1/p' bench.out | while IFS=$$'\t' read -r r what; do printf '%8s  %s\n' "$$r" "$$(tr -s ' ' <<<"$$what")"; done

fuzz: ## every fuzz target for FUZZTIME each
	@grep -rlE '^func Fuzz' --include='*_test.go' . | while read -r f; do \
		for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]+).*/\1/p' $$f); do \
			echo "== $$(dirname $$f) $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$(dirname $$f) || exit 1; \
		done; \
	done

golden: ## rewrite the golden files from what the program prints now; read the diff
	UPDATE_GOLDEN=1 $(GO) test $(PACKAGES)
	git diff --stat

soak: ## the kill and load tests, many times over
	SOAK=1 CGO_ENABLED=1 $(GO) test -race -count=1 -timeout 60m -run 'Kill|Soak|Concurrent' $(PACKAGES)

generate: ## regenerate the query layer and the generated docs
	cd internal/store && $(GO) run $(SQLC) generate
	$(GO) generate ./...

clean: ## remove what was built
	rm -rf bin test.out bench.out
