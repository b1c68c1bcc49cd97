
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _SCRIPT_H_INCLUDED_
#define _SCRIPT_H_INCLUDED_


#include "peer.h"


/* An input, and what is read out of it: settings, packets. */

#define SCRIPT_SETTINGS  7           /* bytes */

/* milliseconds after which nothing is left of a session */
#define SCRIPT_LONGEST   400000


#define script_pick(list, n)  (list)[(n) % (sizeof(list) / sizeof((list)[0]))]


void script_init(const u_char *data, size_t len);
ngx_uint_t script_done(void);

/* 0 behind the end; the second takes *len bytes, or fewer */
u_char script_byte(void);
u_char *script_bytes(size_t *len);

ngx_uint_t script_time(void);

/* Two hubs' settings: those of the input, and such that allow everything. */
void script_settings(void);
ngx_mqtt_hub_conf_t *script_conf(ngx_uint_t n);
ngx_str_t *script_hub(ngx_uint_t n);

/* Topics and such for packets: to be called first. */
void script_tables(void);

/* Each has the client send a packet. */
void script_connect(peer_t *peer);
void script_packet(peer_t *peer);
void script_ack(peer_t *peer);

/* Acknowledges what came first; 0: nothing is left. */
ngx_uint_t script_ack_first(peer_t *peer);

/* Any retained message, or NULL; the topic is valid until the next call. */
ngx_mqtt_retain_t *script_retained(ngx_str_t *topic);

void script_plain_connect(peer_t *peer);
void script_remove(peer_t *peer, ngx_str_t *topic);


#endif /* _SCRIPT_H_INCLUDED_ */
