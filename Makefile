# Everything is built in build/.

.PHONY: all deps clean

all:
	@.ci/objects build

clean:
	rm -rf build
