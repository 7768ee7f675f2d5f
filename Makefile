# What a person runs here. Each line of work is a script in scripts/; its first lines say what it does.
# Options for the command behind a target: make test ARGS="-k threads -x"

.DEFAULT_GOAL := help
.PHONY: help demo test check bench chaos matrix fuzz pictures setup clean clean-machine
MAKEFLAGS += --no-print-directory
ARGS ?=

# Says what runs, and at a failure which step it was and how to run that one alone.
step = @printf '\n=== %s\n' '$(1)'; $(2) $(3) || { code=$$?; \
	printf '\n=== %s FAILED (exit code %s). That step alone: %s\n' '$(1)' "$$code" '$(2)' >&2; exit $$code; }

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 15

# With a key of your own the demo talks to the real model; without one it stays in the lab, with a stand-in.
demo: ## one mail, one container, one pull request: see it work (ARGS=--keep leaves its dashboard on http://127.0.0.1:5200)
	$(call step,setup,scripts/setup)
ifneq ($(ANTHROPIC_API_KEY)$(CLAUDE_CODE_OAUTH_TOKEN),)
	$(call step,demo,scripts/as-airut airut demo,$(ARGS))
else
	$(call step,demo,scripts/lab --publish 5200 --publish 8233 -- airut demo,$(ARGS))
endif

test: ## everything that CI checks
	$(call step,setup,scripts/setup)
	$(call step,check,scripts/check)
	$(call step,tests,scripts/tests,$(ARGS))

check: ## format, lint, types and layers: no containers, no root, under a minute
	@scripts/check $(ARGS)

chaos: ## kill everything everywhere, and count what was lost or done twice (bounded; ARGS="--seed N" repeats a run)
	$(call step,setup,scripts/setup)
	$(call step,chaos,scripts/lab -- python -m tests.chaos,$(ARGS))

bench: ## measure, in the lab
	$(call step,setup,scripts/setup)
	$(call step,what the fence costs,scripts/lab -- python -m tests.bench.fence,)
	$(call step,bench,scripts/lab -- python -m tests.bench,$(ARGS))
	$(call step,bytes and events per task,scripts/lab -- python -m tests.bench.histories,)
	$(call step,a burst over each channel,scripts/lab -- python -m tests.bench.channels,)
	$(call step,a command in the sandbox beside plain Podman,scripts/lab -- python -m tests.bench.sandbox_start,)
	$(call step,the dashboard with ten thousand threads,scripts/lab -- python -m tests.bench.dashboard,)
	$(call step,many threads and long ones,scripts/lab -- python -m tests.bench.threads,)

matrix: ## package managers and clients of all kinds at work behind the fence (make test has those of the base image)
	$(call step,setup,scripts/setup)
	$(call step,the image with the tools,scripts/as-airut --images python -m tests.matrix.image,)
	$(call step,matrix,env AIRUT_MATRIX=all scripts/lab -- pytest tests/matrix,$(ARGS))

fuzz: ## what an enemy writes, for minutes: packets, requests, bodies, signatures, mails (ARGS="--seconds 60 --seed N --only dns-query")
	$(call step,setup,scripts/setup --no-images)
	$(call step,fuzz,scripts/fuzz,$(ARGS))

pictures: ## take the README's pictures anew, of the demo while it plays
	$(call step,setup,scripts/setup)
	$(call step,pictures,scripts/lab -- python -m tests.pictures,)
	cp build/screenshots/demo.svg build/screenshots/thread.png docs/images/

setup: ## only what the others stand on: packages, Python, rootless Podman, images
	@scripts/setup

clean: ## what the tools left in this checkout
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist build
	find . -name __pycache__ -prune -exec rm -rf {} +

clean-machine: ## what the set-up left on this machine: the user airut with its images, and /opt/airut
	@scripts/setup --undo
