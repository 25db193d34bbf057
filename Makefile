# What people do in this repository. `make` alone prints this list.

# Tests run with the race detector where a C compiler is; RACE= switches it off.
CC_FOUND := $(shell command -v $${CC:-gcc} 2>/dev/null || command -v cc 2>/dev/null)
RACE     ?= $(if $(CC_FOUND),-race)
TIME     ?= 10m
SEED     ?= 1

STATICCHECK := honnef.co/go/tools/cmd/staticcheck

# One set of compiled packages serves building, vetting and, where no race detector runs, testing.
export CGO_ENABLED := 0

.PHONY: help run build compile test tests vet lint generate bench fuzz soak

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build, then show the hub at work with simulated agencies (Ctrl-C ends it)
	@bin/sluice demo

build: ## build bin/sluice and bin/agencysim
	@mkdir -p bin
	@go build -o bin/ ./cmd/sluice ./cmd/agencysim

test: compile lint ## everything that must hold before a commit
	@$(MAKE) --no-print-directory -j2 vet tests
	@.ci/generated

# One large package, SQLite, is compiled by one processor for a minute: all else is compiled beside it.
compile:
	@go build ./... $(STATICCHECK)

# Tests wait for much of their time: vet runs beside them.
tests:
	@$(if $(CC_FOUND),:,echo "no C compiler found: the tests run without the race detector")
	@$(if $(RACE),CGO_ENABLED=1) go test $(RACE) -vet=off -timeout 10m ./...

vet: ## go vet and staticcheck
	@go vet ./...
	@go tool staticcheck ./...

lint: build ## check the built-in agencies' manifests, mappings and examples
	@bin/sluice lint
	@bin/sluice test

generate: ## make again what is generated: clients, error table, reference pages
	@go generate ./...

bench: build ## ratios against a floor measured in the same run
	@go run ./cmd/internal/bench

fuzz: ## compare a million mutants with an oracle, then run every fuzz target for TIME (default 10m) each
	@.ci/fuzz $(TIME)

soak: build ## kill the hub at random under load and faults for TIME (default 10m), then count
	@go test -count=1 -run '^TestSoak$$' -timeout 0 -v ./cmd/internal/soak -soak.time=$(TIME) -soak.seed=$(SEED)
