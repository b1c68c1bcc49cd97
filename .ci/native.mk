# Builds programs out of src/ and a few files of NGINX's core: the unit tests
# and the fuzz targets.  A call that src/ may not make, to anything that needs
# a server, is an error of the linker here.
#
#   OUT       directory for the results
#   NGINX     NGINX's sources, configured
#   SRC       a copy of src/ to build instead of it
#   DIR       where the programs' sources are: each file with the function
#             ENTRY is a program, the others are linked to all
#   SANITIZE  the argument of -fsanitize for everything, LINK for programs

CFLAGS = -g -O1 -fno-omit-frame-pointer -Wall -Wextra -Wno-unused-parameter \
         -Werror $(if $(SANITIZE),-fsanitize=$(SANITIZE)) \
         -fno-sanitize-recover=all -DNGX_MQTT_KILL_POINTS=1

SRC ?= src

INCS = -I $(SRC) -I $(DIR) -I t/unit -I $(OUT) -I $(NGINX)/objs \
       $(addprefix -I $(NGINX)/src/,core event event/modules os/unix)

CORE = $(addprefix core/ngx_, string palloc slab shmtx rbtree queue array list \
                   buf hash crc32 murmurhash md5 sha1 parse times) \
       $(addprefix os/unix/ngx_, time errno alloc)

mains   := $(shell grep -lE '^(int +)?$(ENTRY)\>' $(DIR)/*.c)
helpers := $(sort $(filter-out $(mains),$(wildcard $(DIR)/*.c)) \
                  $(wildcard t/unit/stubs.c))

object = $(patsubst %.c,$(OUT)/%.o,$(1))

programs := $(patsubst $(DIR)/%.c,$(OUT)/%,$(mains))
linked   := $(call object,$(wildcard $(SRC)/*.c) $(helpers)) \
            $(OUT)/webpubsub.pb-c.o

# A function __wrap_x in one of them stands for x in all that is linked, which
# it can call as __real_x.
wraps := $(shell sed -n 's/^__wrap_\([a-z_]*\).*/\1/p' $(DIR)/*.c)
LDFLAGS = $(wraps:%=-Wl,--wrap=%)

LIBS = -lyajl -lprotobuf-c -lcrypto -lcrypt

# A fuzzer shall look for ways in what is tested, not in what judges it.
ifneq ($(findstring fuzzer,$(SANITIZE)),)
$(call object,$(wildcard $(SRC)/ngx_mqtt_check*.c) t/fuzz/world.c): \
    CFLAGS += -fno-sanitize=fuzzer-no-link
endif

.SECONDARY:
.PHONY: all

all: $(programs)

$(OUT)/%: $(OUT)/$(DIR)/%.o $(linked) $(OUT)/core.a
	$(CC) $(CFLAGS) $(LDFLAGS) $(LINK) -o $@ $^ $(LIBS)

$(OUT)/core.a: $(CORE:%=$(OUT)/nginx/%.o)
	ar rcs $@ $^

# NGINX's own files are as they are.
$(OUT)/nginx/%.o: $(NGINX)/src/%.c .ci/native.mk
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -w $(INCS) -c -o $@ $<

$(OUT)/webpubsub.pb-c.c: $(SRC)/webpubsub.proto
	protoc-c --proto_path=$(SRC) --c_out=$(OUT) $<

$(OUT)/webpubsub.pb-c.h: $(OUT)/webpubsub.pb-c.c
	touch $@

$(OUT)/webpubsub.pb-c.o: $(OUT)/webpubsub.pb-c.c .ci/native.mk
	$(CC) $(CFLAGS) -w $(INCS) -c -o $@ $<

$(OUT)/%.o: %.c .ci/native.mk | $(OUT)/webpubsub.pb-c.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(INCS) -MMD -MP -c -o $@ $<

-include $(shell find $(OUT) -name '*.d' 2> /dev/null)
