# Three ways people use this file:
#
#   make up                  a cluster on this computer, from a clean clone
#   make verify test         before a commit
#   make verify test e2e     what .ci/run does
#
# Whatever a target needs it makes or installs itself. Everything it makes lies in
# bin/, dist/ and .cache/, and `make clean` takes it away again.

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS   += --no-builtin-rules

# The version of the plugin. A tag decides; without one it is the next release.
VERSION ?= $(or $(shell git describe --tags --match 'v[0-9]*' --dirty 2>/dev/null),v0.1.0-dev)
COMMIT  ?= $(or $(shell git rev-parse --short=12 HEAD 2>/dev/null),unknown)
LDFLAGS := -s -w -buildid= -X main.version=$(VERSION) -X main.commit=$(COMMIT)

PLUGIN := bin/kubectl-turnup
BUNDLE := .cache/bundle
OLDEST := .cache/kubernetes/oldest

LINT_VERSION := v2.15.0
LINT         := bin/golangci-lint-$(LINT_VERSION)

# What the end-to-end test and the benchmark run; they are skipped where it is not set.
e2e bench: export KUBECTL_TURNUP := $(CURDIR)/$(PLUGIN)
e2e bench: export TURNUP_BUNDLE  := $(CURDIR)/$(BUNDLE)
e2e: export TURNUP_BUNDLE_OLDEST := $(CURDIR)/$(OLDEST)

##@ Use

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z][a-z0-9-]*:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: up
up: docker build tools images ## Make a cluster on this computer
	git init --quiet clusters/addons
	$(PLUGIN) create --yes --bundle $(BUNDLE) --set addons.path=clusters/addons

.PHONY: down
down: build ## Delete the cluster of `make up`
	$(PLUGIN) delete --yes

.PHONY: config
config: build ## Write .config.json with a wizard
	$(PLUGIN) config

##@ Build

.PHONY: build
build: ## Build the plugin into bin/
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o $(PLUGIN) ./cmd/kubectl-turnup

.PHONY: tools
tools: ## Build the Terraform provider, and OpenTofu where no terraform is, into bin/
	go run ./test/tools/install -bin bin

.PHONY: images
images: ## Build every image of a cluster into .cache/bundle (KUBERNETES=1.34: .cache/kubernetes/1.34/bundle, too)
	./test/setup/packages
	go run ./test/images -out $(BUNDLE)
	$(if $(KUBERNETES),go run ./test/images -kubernetes $(KUBERNETES))

.PHONY: generate
generate: ## Write Kconfig.md and the config's schema from the Kconfig files
	go run ./internal/config/generate

.PHONY: docs
docs: generate ## Write what is generated of the documents: the commands' pages, Markdown and man
	go run ./cmd/kubectl-turnup/internal/reference

.PHONY: dist
dist: ## Build a release into dist/: archives, checksums, SBOMs and krew's manifest
	go run ./test/dist -version '$(VERSION)' -ldflags '$(LDFLAGS)' -out dist

##@ Check

.PHONY: verify
verify: $(LINT) ## Check format, imports, lint, module file and scripts
	./test/setup/verify $(LINT)

.PHONY: fmt
fmt: $(LINT) ## Format the Go source
	$(LINT) fmt

.PHONY: test
test: docker tools test-programs ## Run the unit and integration tests
	go test ./...

.PHONY: e2e
e2e: docker build tools images ## Make real clusters in Docker and try everything on them
	go run ./test/images -kubernetes oldest -out $(OLDEST)
	go test ./test/e2e -count=1 -timeout 40m -v

.PHONY: bench
bench: docker build tools images ## Measure against kubeadm, side by side
	go run ./test/images -binaries kubeadm,kubelet
	go test ./test/e2e -count=1 -timeout 60m -v -run '^$$' -bench . -benchtime 1x
	KCONFIG_BENCH_PEERS=1 go test ./internal/kconfig -count=1 -run Peers -v
	go test ./internal/kconfig ./internal/config ./internal/wizard -run '^$$' -bench .
	go test ./terraform -run '^$$' -bench . -benchtime 1x

.PHONY: bench-addons
bench-addons: test-programs ## Measure the addon manager beside Flux's library and plain apply (ARGS='--idle=10m')
	go -C test/addonbench build -o $(CURDIR)/.cache/addonbench .
	.cache/addonbench $(ARGS)

##@ Other

.PHONY: clean
clean: ## Remove what this file has made
	./test/setup/clean

.PHONY: docker
docker: ## Install Docker (as root, on Debian) and start it, if it does not answer
	./test/setup/docker

# The programs of a real control plane, for tests without a cluster.
.PHONY: test-programs
test-programs:
	./test/setup/packages
	go run ./test/images -binaries etcd,kube-apiserver,kube-controller-manager

# The linter is a Go module like everything else; its version is in its name, so that
# a new one replaces the old one.
$(LINT):
	rm -f bin/golangci-lint-*
	GOBIN=$(CURDIR)/.cache/lint go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	mkdir -p bin && mv .cache/lint/golangci-lint $@
