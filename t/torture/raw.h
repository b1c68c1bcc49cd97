
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _RAW_H_INCLUDED_
#define _RAW_H_INCLUDED_


/*
 * n connections that send some bytes at once, then nothing, or one byte a
 * second; or requests without an end, reading no answer.  What the server
 * sends is looked at only for its first bytes.
 */

typedef struct {
    unsigned    opened;
    unsigned    failed;          /* connect() */
    unsigned    ended;           /* by the server */
    unsigned    open;            /* to the end, ... */
    unsigned    blocked;         /* ... not written to for a second */
    unsigned    http[600];       /* responses by status */
    unsigned    connack[256];    /* by reason code */
    unsigned    disconnect[256];
} raw_stats_t;


/* 0: there is no such kind; they are in raw.c */
int raw_kind(const char *kind);

/* Opens n, and keeps them open, up to so many seconds. */
void raw_run(const char *kind, unsigned n, unsigned seconds,
    raw_stats_t *stats);


#endif /* _RAW_H_INCLUDED_ */
