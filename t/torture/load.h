
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _LOAD_H_INCLUDED_
#define _LOAD_H_INCLUDED_


#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>


/*
 * MQTT clients for load: one thread, one epoll, many thousands of connections.
 *
 *     load_t         *l = load_create("127.0.0.1", 1883, 8080);
 *     load_conf_t     conf;
 *
 *     load_conf(&conf);                        defaults, then what differs
 *     conf.filters = filters; conf.nfilters = 1; conf.expiry = 3600;
 *     sub = load_client(l, "sub", &conf);      connects and subscribes
 *     pub = load_client(l, "pub", &other);
 *     source = load_source(pub, "t/1", 1, 100);
 *     load_run(l, load_all_ready, 10000);
 *     load_expect(sub, source);
 *     load_rate(source, 50);
 *     load_run(l, NULL, 60000);
 *     load_stop(l);
 *     load_run(l, load_complete, 10000);
 *     load_report(l, &l->stats, stdout);
 *
 * A client whose connection ends comes back by itself, resumes its session,
 * and goes on where it was, as the standard tells it to.  Every message says
 * of which source it is, its number there, and when it was sent; so whoever
 * receives it knows what was lost, repeated, or out of order.
 *
 * Times are in nanoseconds of CLOCK_MONOTONIC where not said otherwise.  A
 * program that runs out of memory or descriptors exits with 2.
 */


typedef struct load_s         load_t;
typedef struct load_client_s  load_client_t;
typedef struct load_source_s  load_source_t;


typedef enum {
    LOAD_TCP = 0,
    LOAD_WS
} load_transport_e;


typedef enum {
    LOAD_READ_ALL = 0,
    LOAD_READ_SLOW,           /* conf.read_rate bytes a second ... */
    LOAD_READ_NEVER           /* nothing ... once it has subscribed */
} load_read_e;


typedef enum {
    LOAD_SHAKE_FULL = 0,
    LOAD_SHAKE_HALF,          /* a half of CONNECT, WebSocket: of the request */
    LOAD_SHAKE_DRIP           /* a byte a second of it */
} load_shake_e;


typedef enum {
    LOAD_IDLE = 0,            /* not connected, and nothing under way */
    LOAD_WAIT,                /* for the time or the turn to connect */
    LOAD_CONNECTING,
    LOAD_UPGRADING,           /* WebSocket */
    LOAD_CONNECT,             /* CONNACK is awaited */
    LOAD_SUBSCRIBE,           /* SUBACK is awaited */
    LOAD_READY,
    LOAD_STUCK                /* in a handshake that is not meant to end */
} load_state_e;


/* ---- what is counted */

#define LOAD_HISTOGRAM  (60 * 32)

typedef struct {
    uint64_t              count;
    uint64_t              max;
    uint64_t              bucket[LOAD_HISTOGRAM];    /* 3% wide */
} load_histogram_t;


typedef struct {
    uint64_t              opened;         /* TCP connections tried */
    uint64_t              connected;      /* CONNACK with success */
    uint64_t              refused[256];   /* CONNACK by other reason codes */
    uint64_t              lost;           /* connections the server ended */
    uint64_t              reason[256];    /* ... by DISCONNECT with these */
    uint64_t              forgotten;      /* sessions that should be there */

    uint64_t              published[3];   /* by QoS, not counting repetitions */
    uint64_t              acked[3];       /* PUBACK, PUBREC; QoS 0: written */
    uint64_t              rejected[256];  /* ... with reason codes from 0x80 */
    uint64_t              resent;         /* PUBLISH with DUP */

    uint64_t              received[3];    /* by QoS of the delivery ... */
    uint64_t              repeated[3];    /* ... of these more than once */
    uint64_t              redelivered;    /* PUBLISH with DUP */
    uint64_t              disordered;
    uint64_t              retained;       /* PUBLISH with that flag */
    uint64_t              foreign;        /* PUBLISH not from a source */
    uint64_t              faults;         /* what the protocol forbids */

    uint64_t              bytes_in;
    uint64_t              bytes_out;

    load_histogram_t      delivery;       /* from due time to first receipt */
    load_histogram_t      ack;            /* ... to PUBACK or PUBREC */
    load_histogram_t      connect;        /* from connect() to CONNACK */
} load_stats_t;


/* ---- a client */

typedef struct {
    const char           *filter;
    int                   qos;
} load_filter_t;


/* strings and filters stay the caller's and must last */

typedef struct {
    load_transport_e      transport;
    const char           *path;           /* WebSocket, "/mqtt" */
    unsigned              source;         /* n: from 127.1.0.n, for its ports */
    int                   version;        /* 4 or 5 (5) */
    int                   clean;          /* first CONNECT; 3.1.1: each */
    uint32_t              expiry;         /* seconds, 5.0 */
    unsigned              keep_alive;     /* seconds; pings are sent */
    unsigned              receive_max;    /* 0: not sent; 5.0 */
    unsigned              window;         /* QoS 1, 2 in flight there (20) */

    const load_filter_t  *filters;
    size_t                nfilters;

    load_shake_e          shake;
    load_read_e           read;
    size_t                read_rate;
    int                   rcvbuf;         /* 0: the kernel's choice */
    int                   no_ack;         /* reads, but never answers */

    int                   again;          /* ms to the next try, -1: no (20) */
    load_stats_t         *stats;          /* NULL: those of load_t */
} load_conf_t;


/* a set of numbers from 0 on; all below "base" are in it */

typedef struct {
    uint64_t              base;
    uint64_t              end;            /* behind the largest */
    uint64_t             *bits;
    size_t                size;           /* words */
} load_set_t;


/* what a client has received of a source */

typedef struct {
    uint32_t              source;         /* its number + 1, 0: free */
    unsigned              expected:1;
    load_set_t            set;
} load_seen_t;


/* a PUBLISH of QoS 1 or 2 that is not yet acknowledged */

typedef struct {
    load_source_t        *source;
    uint64_t              seq;
    uint64_t              stamp;
    uint16_t              id;
    u_char                released;       /* PUBREC came, PUBREL was sent */
} load_inflight_t;


struct load_source_s {
    load_client_t        *client;
    load_source_t        *next;           /* of the client */
    const char           *topic;
    int                   qos;
    int                   retain;
    size_t                size;           /* of a payload, at least 28 */
    uint32_t              number;

    double                rate;           /* a second */
    uint64_t              due;            /* messages to be sent now */
    uint64_t              at;             /* of the next by the rate, or 0 */
    uint64_t              limit;          /* of seq, 0: none */
    uint64_t              seq;            /* of the next message */
    load_set_t            acked;
};


struct load_client_s {
    load_t               *load;
    load_conf_t           conf;
    load_stats_t         *stats;
    char                 *id;
    void                 *data;           /* the caller's */

    load_state_e          state;
    int                   fd;
    unsigned              subscribed:1;   /* the session is */
    unsigned              session:1;      /* one was promised */
    unsigned              ending:1;       /* connects to end its session */
    unsigned              connecting:1;   /* counts in load->connecting */
    unsigned              queued:1;       /* in load->queue */
    uint32_t              events;         /* for epoll */

    u_char               *out;
    size_t                out_pos;
    size_t                out_len;
    size_t                out_size;
    size_t                drip;           /* bytes of "out" that may go */

    u_char               *in;             /* an incomplete packet */
    size_t                in_len;
    size_t                in_size;

    u_char                ws_head[14];
    unsigned              ws_nhead;
    uint64_t              ws_rest;        /* of a frame's payload */

    load_inflight_t      *inflight;       /* in order of sending */
    unsigned              ninflight;
    unsigned              window;
    uint16_t              last_id;

    uint16_t             *held;           /* of QoS 2, not yet released */
    unsigned              nheld;
    unsigned              held_size;

    load_seen_t          *seen;           /* hash by source */
    unsigned              nseen;
    unsigned              seen_size;

    load_source_t        *sources;
    unsigned              nsources;
    load_source_t        *turn;

    load_client_t        *next;           /* in load->queue */
    size_t                heap;           /* place in load->heap + 1 */
    uint64_t              wake;
    uint64_t              retry;
    uint64_t              deadline;
    uint64_t              ping;
    uint64_t              read;
    uint64_t              opened;
};


/* ---- all of them */

struct load_s {
    load_stats_t          stats;

    struct sockaddr_in    tcp;
    struct sockaddr_in    ws;

    load_client_t       **clients;
    size_t                nclients;
    load_source_t       **sources;
    size_t                nsources;

    size_t                nready;         /* in LOAD_READY */
    size_t                nidle;          /* in LOAD_IDLE */
    size_t                nstuck;         /* in LOAD_STUCK */

    unsigned              connecting;     /* at a time ... */
    unsigned              connect_max;    /* at most (200) */
    unsigned              connect_time;   /* ms for all of it (10000) */

    /* or NULL; a client may not be stopped or ended inside */
    void                (*on_ready)(load_client_t *c);
    void                (*on_lost)(load_client_t *c);
    void                (*on_publish)(load_client_t *c, const u_char *topic,
                             size_t topic_len, const u_char *payload,
                             size_t len, int qos, int retain);

    /* another descriptor; the handler reads from it */
    int                   watch;          /* -1: none */
    void                (*on_watch)(load_t *l);

    void                 *data;           /* the caller's */

    unsigned              complaints;
    uint64_t              now;
    int                   epoll;
    load_client_t       **heap;
    size_t                nheap;
    size_t                heap_size;
    load_client_t        *queue;
    load_client_t       **queue_tail;
    u_char               *buffer;
    u_char               *pattern;
    size_t                pattern_size;
};


/* Ports may be 0 if no client uses them. */
load_t *load_create(const char *host, int tcp_port, int ws_port);

/* Sets defaults: those in brackets above, 0 for the rest. */
void load_conf(load_conf_t *conf);

/* A new client that connects at once; the id is copied. */
load_client_t *load_client(load_t *l, const char *id, const load_conf_t *conf);

/* The same, but it stays LOAD_IDLE until load_start(). */
load_client_t *load_client_idle(load_t *l, const char *id,
    const load_conf_t *conf);

void load_start(load_client_t *c);

/* Closes with DISCONNECT or without; load_start() resumes the session. */
void load_leave(load_client_t *c, int disconnect);

/*
 * Connects all clients once more, only to end their sessions; they are idle
 * then: load_run(l, load_all_idle, ...).
 */
void load_end(load_t *l);

/*
 * Something to publish, under its client's window; "topic" is kept.  Nothing
 * is sent before load_rate() or load_publish().
 */
load_source_t *load_source(load_client_t *c, const char *topic, int qos,
    size_t size);

/* Messages a second; -1: as many as the window or the socket take, 0: none. */
void load_rate(load_source_t *source, double rate);

/* n messages now, or as soon as they can go. */
void load_publish(load_source_t *source, uint64_t n);

/* No source sends new messages any more. */
void load_stop(load_t *l);

/*
 * From now on the client has to receive all that the source publishes and
 * gets acknowledged (QoS 0: writes).
 */
void load_expect(load_client_t *c, load_source_t *source);

/*
 * Handles events until done(l), asked at least each 20 ms, returns true, or
 * "ms" have passed; returns what it said.  NULL: never done.
 */
int load_run(load_t *l, int (*done)(load_t *l), unsigned ms);

/* for load_run(): all clients are ready, or stuck in a handshake as told */
int load_all_ready(load_t *l);
int load_all_idle(load_t *l);

/* ... nothing is due or in flight, and nothing is missing */
int load_complete(load_t *l);

/* Messages that expected clients have not received: see load_expect(). */
uint64_t load_missing(load_t *l);
uint64_t load_missing_of(load_client_t *c);

/* PUBLISH of QoS 1 and 2 not yet acknowledged by the server, or still due. */
uint64_t load_pending(load_t *l);

/* Writes "name value" lines; what is 0 by reason code is left out. */
void load_report(load_t *l, load_stats_t *stats, FILE *f);

/* Sets all to 0: for figures of one phase. */
void load_stats_reset(load_stats_t *stats);

/* p in percent; nanoseconds */
uint64_t load_percentile(load_histogram_t *h, double p);
void load_histogram_add(load_histogram_t *h, uint64_t value);

uint64_t load_now(void);


/* ---- between the files of the library */

#define LOAD_BUFFER  65536      /* load->buffer */

/* load.c */
void *load_alloc(void *old, size_t size);
void load_die(const char *what);
void load_state(load_client_t *c, load_state_e state);
void load_timer(load_client_t *c);
void load_touch(load_client_t *c);

/* load_conn.c */
void load_open(load_client_t *c);
void load_turn(load_t *l);
void load_event(load_client_t *c, uint32_t events);
void load_read(load_client_t *c);
void load_flush(load_client_t *c);
void load_close(load_client_t *c);
void load_lost(load_client_t *c);
void load_settled(load_client_t *c);
u_char *load_reserve(load_client_t *c, size_t len);

/* load_mqtt.c: the input returns how much was used, -1: to be closed */
ssize_t load_mqtt_input(load_client_t *c, u_char *p, size_t len);
void load_mqtt_connect(load_client_t *c);
void load_mqtt_disconnect(load_client_t *c);
void load_mqtt_ping(load_client_t *c);
void load_mqtt_release(load_client_t *c, uint16_t id);
void load_mqtt_forget(load_client_t *c);
size_t load_length_size(size_t len);
u_char *load_put_length(u_char *p, size_t len);
u_char *load_put_16(u_char *p, unsigned n);
u_char *load_put_string(u_char *p, const char *s);

/* load_publish.c: pump sends what the window and the socket take */
void load_pump(load_client_t *c);
uint64_t load_pump_time(load_client_t *c);
void load_resend(load_client_t *c);
int load_acknowledged(load_client_t *c, uint16_t id, int type, int reason);
void load_received(load_client_t *c, const u_char *payload, size_t len,
    int qos);

/* load_ws.c: in place, returns the bytes of the stream, -1: close */
void load_ws_request(load_client_t *c);
ssize_t load_ws_response(load_client_t *c, u_char *p, size_t len);
ssize_t load_ws_input(load_client_t *c, u_char *p, size_t len);
size_t load_ws_head(u_char *p, u_char opcode, size_t len);

/* load_count.c */
int load_set_add(load_set_t *set, uint64_t n);
int load_set_has(load_set_t *set, uint64_t n);
load_seen_t *load_seen(load_client_t *c, uint32_t source);


#endif /* _LOAD_H_INCLUDED_ */
