# `make demo`, `make test` and `make app` do all their own set-up on a fresh machine with Python >= 3.11.
PYTHON ?= python3
BIN := .venv/bin
# TORCH=cpu: PyTorch's builds without CUDA (over 4 GB less). They stand on PyTorch's own index; where that cannot
# be reached pip says so and takes the default registry's.
TORCH_INDEX := $(if $(TORCH),--extra-index-url https://download.pytorch.org/whl/$(TORCH))
PIP := -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $(TORCH_INDEX)
# The app alone needs no torch and a tenth of the disk; where everything is set up already, that serves.
APP := $(if $(wildcard .venv/.done),.venv,.venv-app)
WEIGHTS := $(HOME)/.cache/featherfall/weights/movenet_single_pose_lightning_ptq.tflite
WEIGHTS_URL := https://raw.githubusercontent.com/google-coral/test_data/master/movenet_single_pose_lightning_ptq.tflite
export PYTHONWARNINGS =

.PHONY: setup demo app peers homeassistant test check format docs serve-docs mutants fuzz fuzz-short

setup: .venv/.done

# In stages, so that the demo installs only what it runs: the simulator and the training. `make test` adds the rest to the same folder.
.venv/.demo: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python $(PIP) --editable ".[sim,train]"
	touch $@

.venv/.done: .venv/.demo
	$(BIN)/python $(PIP) --editable ".[app,camera,notify,postgresql,publish,sim,train,vision,watch,dev]"
	touch $@

.venv-app/.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-app
	.venv-app/bin/python $(PIP) --editable ".[app,camera]"
	touch $@

.venv-docs/.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-docs
	.venv-docs/bin/python $(PIP) --editable ".[docs]"
	touch $@

# The peers of benchmarks/peers.py: aeon does not go with the versions of constraints.txt.
peers: .venv-peers/.done

.venv-peers/.done: pyproject.toml
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH_INDEX) --editable ".[train,peers]"
	touch $@

# A real Home Assistant as the judge of the MQTT sink. This release is the last one for Python 3.13.0; newer ones need a newer Python.
HOMEASSISTANT_PYTHON ?= python3.13

homeassistant: .venv/.done .venv-homeassistant/.done
	$(BIN)/python benchmarks/home_assistant.py --hass .venv-homeassistant/bin/hass --log docs/appendix/home-assistant.log

.venv-homeassistant/.done:
	$(HOMEASSISTANT_PYTHON) -m venv .venv-homeassistant
	.venv-homeassistant/bin/python -m pip install --quiet --disable-pip-version-check \
		homeassistant==2025.4.4 home-assistant-frontend==20250411.0 paho-mqtt==2.1.0
	touch $@

# Finds people's joints in pictures (MoveNet, Apache-2.0, 2.7 MB); its sha256 is checked when it is opened. Without it all but films works.
$(WEIGHTS):
	@mkdir -p $(@D)
	@curl -fsSL -o $@.part $(WEIGHTS_URL) && mv $@.part $@ || echo "no network: the camera's weights are not there, films will not work"

demo: .venv/.demo
	$(BIN)/python -m featherfall.cli demo

app: $(APP)/.done $(WEIGHTS)
	$(APP)/bin/python -m featherfall.cli app $(ARGS)

test: setup
	$(BIN)/python -m pytest --quiet --numprocesses 2 --dist loadfile --durations 25

# Damaged inputs through every door: half a minute of each kind, then as long as asked for with the coverage of atheris (one door: DOOR=recipe).
# Millions: benchmarks/fuzz.py.
fuzz-short: setup
	rm -rf .fuzz/short
	$(BIN)/python -m fuzz.run --inputs 100 --processes 2 --state .fuzz/short

fuzz: setup .venv/.fuzz
	$(BIN)/python -m fuzz.guided --seconds $(or $(SECONDS_A_DOOR),60) $(DOOR)

.venv/.fuzz: .venv/.done
	$(BIN)/python $(PIP) --editable ".[fuzz]"
	touch $@

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) fuzz-short
	$(MAKE) test

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The documentation, as HTML in site/. A warning is an error, e.g. a broken link or a page outside the navigation; --quiet would hide it from --strict.
docs: .venv-docs/.done
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict

serve-docs: .venv-docs/.done
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs serve

# Which changes of tracking, decisions, metrics and splits no test notices: half an hour on a quiet core; `-j 2` runs two groups at once. Each group works on
# its own copy of the tree. It goes on where it was stopped, and tests the survivors again; where the sources have changed it begins anew.
# SINCE=REV: only lines that are new since that commit.
MUTATED := $(basename $(notdir $(wildcard mutants/*.toml)))
IN_COPY = cd .mutants/$* && PATH="$(abspath $(BIN)):$$PATH" PYTHONPATH=src PYTEST_DISABLE_PLUGIN_AUTOLOAD=1

mutants: $(MUTATED:%=mutants-%)

$(MUTATED:%=mutants-%): mutants-%: .mutants/%/.copied
	cp -Rp src tests .mutants/$*
	$(IN_COPY) python -m compileall -q src tests
	$(IN_COPY) cosmic-ray baseline ../../mutants/$*.toml
	$(IN_COPY) python ../../mutants/prepare.py session.sqlite $(if $(SINCE),--since $(SINCE))
	$(IN_COPY) cosmic-ray exec ../../mutants/$*.toml session.sqlite
	$(IN_COPY) python ../../mutants/report.py session.sqlite

.mutants/%/.copied: mutants/%.toml .venv/.mutation $(shell find src -name '*.py')
	rm -rf .mutants/$* && mkdir -p .mutants/$*
	touch .mutants/$*/.copying
	cp -Rp src tests recipes pyproject.toml .mutants/$*
	$(IN_COPY) cosmic-ray init ../../mutants/$*.toml session.sqlite
	mv .mutants/$*/.copying $@

.venv/.mutation: .venv/.done
	$(BIN)/python $(PIP) --editable ".[mutation]"
	touch $@
