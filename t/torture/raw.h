
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _RAW_H_INCLUDED_
#define _RAW_H_INCLUDED_


/*
 * n connections that do nothing but send some bytes at once, and others one
 * each second.  What the server sends is looked at only for its first bytes.
 */

typedef struct {
    unsigned    opened;
    unsigned    failed;          /* connect() */
    unsigned    ended;           /* by the server */
    unsigned    open;
    unsigned    http[600];       /* responses by status */
    unsigned    connack[256];    /* by reason code */
    unsigned    disconnect[256];
} raw_stats_t;


/* kinds: see raw.c; 0: there is no such kind */
int raw_kind(const char *kind);

/* Opens n, and keeps them open, up to so many seconds. */
void raw_run(const char *kind, unsigned n, unsigned seconds,
    raw_stats_t *stats);


#endif /* _RAW_H_INCLUDED_ */
