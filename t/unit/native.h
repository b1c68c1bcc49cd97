
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NATIVE_H_INCLUDED_
#define _NATIVE_H_INCLUDED_


#include <ngx_mqtt_json.h>
#include <ngx_mqtt_native.h>
#include <protobuf-c/protobuf-c.h>
#include "pool.h"


typedef ngx_int_t (*native_read_pt)(ngx_pool_t *pool, const ngx_str_t *frame,
    ngx_mqtt_native_request_t *r, const char **why);


/*
 * A request in words, with those of its fields that are set:
 * "send group=g ack=1 text:abc metadata{a=b}".
 */
void native_words(char *buf, size_t size, const ngx_mqtt_native_request_t *r);

/*
 * The same for a message that protobuf-c has unpacked, by the names in
 * webpubsub.proto: "ack_message{ack_id=1 success=1}".
 */
void native_fields(char *buf, size_t size, const ProtobufCMessage *m);

/* Reads a frame: the words of the request if it is one, else why it is none. */
ngx_int_t native_read(native_read_pt read, const void *frame, size_t len,
    char *buf, size_t size);


#endif /* _NATIVE_H_INCLUDED_ */
