# Everything that is made is in build/.

NGINX_DEV ?= /usr/share/nginx/src

.PHONY: all kill deps run test torture conformance bench performance unit \
        fuzz check-all install clean

# build/ngx_http_mqtt_module.so, build/ngx_stream_mqtt_module.so
all: deps
	@.ci/build build $(NGINX_DEV) dynamic

# the same, with points at which they kill themselves on demand
kill: deps
	@OWN_OPT=-DNGX_MQTT_KILL_POINTS=1 .ci/build build/kill $(NGINX_DEV) dynamic

# Debian packages that are missing
deps:
	@.ci/deps build

# NGINX in the foreground with conf.examples/quickstart.conf, or another with
# EXAMPLE=web-pubsub
run: all
	@.ci/deps run
	@.ci/quickstart $(EXAMPLE)

# all tests, or TESTS="t/one.t t/other.t"
test: all kill
	@.ci/deps test
	@.ci/deps browser || echo "without a browser, t/page.t is skipped"
	@.ci/test $(TESTS)

# t/torture_*.t in full, on a machine that has nothing else to do: see
# .ci/torture.  "make test" runs them with small numbers.
torture: all kill
	@.ci/deps test
	@.ci/torture $(TESTS)

# docs/conformance.md from the results of the tests that are named in it
conformance: all kill
	@.ci/deps test
	@.ci/conformance

# cost of a delivery beside mosquitto's, if that is installed: half an hour, on
# a machine that has nothing else to do; see t/bench/bench.pl
bench: all
	@.ci/deps test
	@.ci/bench

# docs/performance.md from what "make bench" has measured last
performance:
	@.ci/bench page

unit:
	@.ci/deps build test
	@.ci/unit

# FUZZ_SECONDS=60 in all, or FUZZ_EACH=1200 for each target
fuzz:
	@.ci/deps build test
	@.ci/fuzz

# every supported NGINX, two compilers, sanitizers; see .ci/check-all
check-all:
	@.ci/deps build test
	@.ci/check-all

# DESTDIR=/
install: all
	@.ci/install

clean:
	rm -rf build t/interop/node_modules
