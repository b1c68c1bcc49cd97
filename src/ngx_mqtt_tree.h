
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
 *
 * Below NGX_MQTT_DEPTH levels there is one more at most.  Its "level" is all
 * that is left of a topic; filters share one node, whose level no topic has,
 * and are compared as a whole.  But "#" is a level of its own there too.
 */

#define NGX_MQTT_DEPTH        32

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


#define ngx_mqtt_node_is_deep(node)                                           \
    ((node)->len == 1 && (node)->level[0] == '\0')


/*
 * Shared, derived; the members of one share name on one filter.  At a deep
 * node the name goes on with a slash and the filter.
 */

struct ngx_mqtt_group_s {
    ngx_mqtt_link_t       link;         /* root->groups */
    ngx_mqtt_group_t     *next;         /* of the node */
    ngx_mqtt_group_t    **prev;
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

    union {
        ngx_mqtt_node_t  *node;
        ngx_mqtt_group_t *group;        /* of a shared one */
    } at;

    ngx_mqtt_sub_t       *node_next;    /* of the node or the group */
    ngx_mqtt_sub_t      **node_prev;

    ngx_mqtt_link_t       link;         /* root->subs */

    ngx_mqtt_sub_t       *replay_next;  /* a ring: the session's replays */
    ngx_mqtt_sub_t       *replay_prev;

    uint32_t              id;           /* subscription identifier, 0: none */
    uint32_t              replay;       /* page + 1 of a paced replay of */
                                        /* retained messages, 0: none */
    uint16_t              len;
    u_char                replay_from;  /* place in that page */
    u_char                shared;
    u_char                options;      /* as in SUBSCRIBE */
    u_char                filter[1];    /* whole, with $share/ */
};

#define ngx_mqtt_sub_qos(sub)        ((sub)->options & 0x03)
#define ngx_mqtt_sub_no_local(sub)   ((sub)->options & 0x04)
#define ngx_mqtt_sub_rap(sub)        ((sub)->options & 0x08)

#define ngx_mqtt_sub_node(sub)                                                \
    ((sub)->shared ? (sub)->at.group->node : (sub)->at.node)


/* Makes the root of a tree. */
ngx_mqtt_node_t *ngx_mqtt_node_root_locked(ngx_mqtt_zone_t *zone);

/*
 * Finds the node of a filter below hub->subs, or of a topic below
 * hub->retained; "create" makes what is missing (NULL then: the zone is full,
 * and nothing was made).
 */
ngx_mqtt_node_t *ngx_mqtt_node_of_filter_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_node_t *root, ngx_str_t *filter, ngx_uint_t create);
ngx_mqtt_node_t *ngx_mqtt_node_of_topic_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_node_t *root, ngx_str_t *topic, ngx_uint_t create);

/* A direct child by its level and the level's hash, or NULL. */
ngx_mqtt_node_t *ngx_mqtt_node_child_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_node_t *parent, ngx_str_t *level, uint64_t hash);
uint64_t ngx_mqtt_node_hash(ngx_mqtt_zone_t *zone, ngx_str_t *level);

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

/* One by the hash in its link, for the life of the zone, or NULL. */
ngx_mqtt_sub_t *ngx_mqtt_sub_by_hash_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s, uint32_t hash);

/* Removes a subscription; never fails. */
void ngx_mqtt_sub_remove_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_sub_t *sub);

/*
 * Puts a subscription among its session's paced replays, at their beginning
 * and as the last; takes it out of them if it is there.  Linking alone is for
 * rebuild.
 */
void ngx_mqtt_sub_start_replay_locked(ngx_mqtt_sub_t *sub);
void ngx_mqtt_sub_end_replay_locked(ngx_mqtt_sub_t *sub);
void ngx_mqtt_sub_link_replay_locked(ngx_mqtt_sub_t *sub);

/*
 * What adding or removing a filter takes at most, as a number of blocks in
 * the zone looked at.
 */
ngx_uint_t ngx_mqtt_sub_cost(ngx_str_t *filter);

/* The group of a share name at a node, or NULL. */
ngx_mqtt_group_t *ngx_mqtt_group_find_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_node_t *node, ngx_str_t *name);

/*
 * Puts a subscription into the derived structures: used by add and rebuild.
 */
ngx_int_t ngx_mqtt_sub_link_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_sub_t *sub);


/*
 * Whether a subscription or a group of a deep node matches a topic.  What it
 * costs is counted off "*budget" as far as that goes, in nodes looked at.
 */
ngx_uint_t ngx_mqtt_sub_matches_locked(ngx_mqtt_sub_t *sub,
    ngx_str_t *topic, ngx_uint_t *budget);
ngx_uint_t ngx_mqtt_group_matches_locked(ngx_mqtt_group_t *group,
    ngx_str_t *topic, ngx_uint_t *budget);


/*
 * The nodes whose filters match a topic, collected into arrays that belong
 * to a worker.  What was found at a deep node is still to be compared.
 */

typedef struct {
    void                 *memory;
    ngx_mqtt_node_t     **nodes;        /* found */
    ngx_uint_t            n;
    ngx_uint_t            max;          /* of each of the three */

    ngx_mqtt_node_t     **front;        /* of this level ... */
    ngx_uint_t            nfront;
    ngx_uint_t            next;         /* ... to be looked at */
    ngx_mqtt_node_t     **back;         /* of the next level */
    ngx_uint_t            nback;

    ngx_str_t             rest;         /* of the topic */
    ngx_str_t             level;
    uint64_t              hash;         /* of the level */
    ngx_uint_t            depth;
    unsigned              wild:1;       /* wildcards match this level */
    unsigned              end:1;        /* behind the last level */
} ngx_mqtt_match_t;

/* "topic" stays where it is until the end; the arrays must have room. */
void ngx_mqtt_match_start(ngx_mqtt_zone_t *zone, ngx_mqtt_node_t *root,
    ngx_str_t *topic, ngx_mqtt_match_t *match);

/*
 * Continues.  NGX_OK: found all.  NGX_BUSY: "*budget", which it counts down,
 * is used up; call it again later.  NGX_AGAIN: the arrays are too small, call
 * ngx_mqtt_match_grow() without the lock, then again.  While the lock is
 * released the worker stands within ngx_mqtt_slot_enter_locked(); after a
 * rebuild everything starts anew.
 */
ngx_int_t ngx_mqtt_tree_match_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_match_t *match, ngx_uint_t *budget);

ngx_int_t ngx_mqtt_match_grow(ngx_mqtt_match_t *match, ngx_log_t *log);
void ngx_mqtt_match_free(ngx_mqtt_match_t *match);


#endif /* _NGX_MQTT_TREE_H_INCLUDED_ */
