
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_siphash.h>

#include <sys/random.h>


#define ngx_mqtt_siphash_rotate(x, n)  ((x) << (n) | (x) >> (64 - (n)))

#define ngx_mqtt_siphash_round(v)                                             \
    v[0] += v[1];                                                             \
    v[2] += v[3];                                                             \
    v[1] = ngx_mqtt_siphash_rotate(v[1], 13) ^ v[0];                          \
    v[3] = ngx_mqtt_siphash_rotate(v[3], 16) ^ v[2];                          \
    v[0] = ngx_mqtt_siphash_rotate(v[0], 32);                                 \
    v[2] += v[1];                                                             \
    v[0] += v[3];                                                             \
    v[1] = ngx_mqtt_siphash_rotate(v[1], 17) ^ v[2];                          \
    v[3] = ngx_mqtt_siphash_rotate(v[3], 21) ^ v[0];                          \
    v[2] = ngx_mqtt_siphash_rotate(v[2], 32)

#define ngx_mqtt_siphash_word(v, m)                                           \
    v[3] ^= (m);                                                              \
    ngx_mqtt_siphash_round(v);                                                \
    v[0] ^= (m)


uint64_t
ngx_mqtt_siphash(const uint64_t *key, uint64_t word, const u_char *data,
    size_t len)
{
    size_t    n;
    uint64_t  v[4], m, last;

    v[0] = key[0] ^ 0x736f6d6570736575ULL;
    v[1] = key[1] ^ 0x646f72616e646f6dULL;
    v[2] = key[0] ^ 0x6c7967656e657261ULL;
    v[3] = key[1] ^ 0x7465646279746573ULL;

    ngx_mqtt_siphash_word(v, word);

    last = (uint64_t) (len + sizeof(word)) << 56;

    for (n = len; n >= 8; n -= 8) {
        ngx_memcpy(&m, data, 8);
        data += 8;

        ngx_mqtt_siphash_word(v, m);
    }

    switch (n) {
    case 7: last |= (uint64_t) data[6] << 48; /* fall through */
    case 6: last |= (uint64_t) data[5] << 40; /* fall through */
    case 5: last |= (uint64_t) data[4] << 32; /* fall through */
    case 4: last |= (uint64_t) data[3] << 24; /* fall through */
    case 3: last |= (uint64_t) data[2] << 16; /* fall through */
    case 2: last |= (uint64_t) data[1] << 8;  /* fall through */
    case 1: last |= (uint64_t) data[0];
    }

    ngx_mqtt_siphash_word(v, last);

    v[2] ^= 0xff;

    ngx_mqtt_siphash_round(v);
    ngx_mqtt_siphash_round(v);
    ngx_mqtt_siphash_round(v);

    return v[0] ^ v[1] ^ v[2] ^ v[3];
}


void
ngx_mqtt_siphash_key(uint64_t *key)
{
    ngx_uint_t  i;

    if (getrandom(key, 2 * sizeof(uint64_t), 0) == 2 * sizeof(uint64_t)) {
        return;
    }

    for (i = 0; i < 2; i++) {
        key[i] = (uint64_t) ngx_random() << 42 ^ (uint64_t) ngx_random() << 21
                 ^ (uint64_t) ngx_random();
    }
}
