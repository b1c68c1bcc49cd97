
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_TREE_H_INCLUDED_
#define _NGX_MQTT_TREE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_session.h>
#include <ngx_mqtt_topic.h>


/*
 * Shared, derived; one level of a filter or of a retained message's topic.
 * A child is found by the zone's hash of (parent, level), the wildcards by
 * pointers.
 */

struct ngx_mqtt_node_s {
    ngx_mqtt_link_t       link;
    ngx_mqtt_node_t      *parent;

    ngx_mqtt_node_t      *plus;
    ngx_mqtt_node_t      *multi;
    ngx_mqtt_sub_t       *subs;         /* not shared ones */
    ngx_mqtt_group_t     *groups;

    ngx_mqtt_retain_t    *retain;
    ngx_mqtt_node_t      *children;     /* a list of all, not only hashed */
    ngx_mqtt_node_t      *next;
    ngx_mqtt_node_t     **prev;

    uint32_t              nsubs;
    uint32_t              nchildren;    /* plus and multi included */
    uint32_t              len;
    u_char                level[1];
};


/* Shared, derived; the members of one share name on one filter. */

struct ngx_mqtt_group_s {
    ngx_mqtt_group_t     *next;
    ngx_mqtt_node_t      *node;
    ngx_mqtt_sub_t       *members;
    ngx_mqtt_sub_t       *turn;         /* whose turn it is; NULL: first's */
    uint32_t              count;
    uint32_t              len;
    u_char                name[1];
};


/*
 * Shared; a subscription.  Truth: next, session, options, id, replay, filter.
 */

struct ngx_mqtt_sub_s {
    ngx_mqtt_sub_t       *next;         /* of the session */
    ngx_mqtt_sub_t      **prev;
    ngx_mqtt_session_t   *session;

    ngx_mqtt_node_t      *node;
    ngx_mqtt_group_t     *group;
    ngx_mqtt_sub_t       *node_next;    /* of the node or the group */
    ngx_mqtt_sub_t      **node_prev;

    ngx_mqtt_link_t       link;         /* root->subs */
    ngx_mqtt_sub_t       *replay_next;  /* of the session's replays */

    uint32_t              id;           /* subscription identifier, 0: none */
    uint32_t              replay;       /* page + 1 of a paced replay of */
                                        /* retained messages, 0: none */
    uint16_t              replay_from;  /* offset in that page */
    uint16_t              len;
    u_char                options;      /* as in SUBSCRIBE */
    u_char                filter[1];    /* whole, with $share/ */
};

#define ngx_mqtt_sub_qos(sub)        ((sub)->options & 0x03)
#define ngx_mqtt_sub_no_local(sub)   ((sub)->options & 0x04)
#define ngx_mqtt_sub_rap(sub)        ((sub)->options & 0x08)


/* Makes the root of a tree. */
ngx_mqtt_node_t *ngx_mqtt_node_root_locked(ngx_mqtt_zone_t *zone);

/*
 * Finds the node of a topic or filter below "root"; "create" makes what is
 * missing (NULL then: the zone is full, and nothing was made).
 */
ngx_mqtt_node_t *ngx_mqtt_node_find_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_node_t *root, ngx_str_t *path, ngx_uint_t create);

/* A direct child by its level, or NULL. */
ngx_mqtt_node_t *ngx_mqtt_node_child_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_node_t *parent, ngx_str_t *level);

/* Removes the node and its parents as far as nothing needs them. */
void ngx_mqtt_node_prune_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_node_t *node);


/*
 * Subscribes a session: adds, or replaces the options and the identifier of
 * the same filter.  *added tells which.  NGX_ERROR: the zone is full.
 */
ngx_int_t ngx_mqtt_sub_add_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s, ngx_mqtt_filter_t *filter, ngx_uint_t options,
    uint32_t id, ngx_mqtt_sub_t **sub, ngx_uint_t *added);

ngx_mqtt_sub_t *ngx_mqtt_sub_find_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s, ngx_str_t *filter);

/* Removes a subscription; never fails. */
void ngx_mqtt_sub_remove_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_sub_t *sub);

/*
 * Puts a subscription into the derived structures: used by add and rebuild.
 */
ngx_int_t ngx_mqtt_sub_link_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_sub_t *sub);


/*
 * The nodes whose filters match a topic, collected into arrays that belong
 * to a worker.  NGX_AGAIN: the arrays were too small; call
 * ngx_mqtt_match_grow() without the lock, then again.
 */

typedef struct {
    void                 *memory;
    ngx_mqtt_node_t     **nodes;        /* found */
    ngx_uint_t            n;
    ngx_mqtt_node_t     **front;        /* of this level, and of the next */
    ngx_mqtt_node_t     **back;
    ngx_uint_t            max;          /* of each of the three */
} ngx_mqtt_match_t;

ngx_int_t ngx_mqtt_tree_match_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_node_t *root, ngx_str_t *topic, ngx_mqtt_match_t *match);

ngx_int_t ngx_mqtt_match_grow(ngx_mqtt_match_t *match, ngx_log_t *log);
void ngx_mqtt_match_free(ngx_mqtt_match_t *match);


#endif /* _NGX_MQTT_TREE_H_INCLUDED_ */
