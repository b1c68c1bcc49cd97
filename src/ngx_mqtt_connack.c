
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_profile.h>
#include <ngx_mqtt_encode.h>
#include <ngx_mqtt_life.h>
#include <ngx_mqtt_proof.h>
#include <ngx_mqtt_connack.h>
#include <ngx_mqtt_native_local.h>


static void ngx_mqtt_connack_name(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static void ngx_mqtt_connack_props(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx, ngx_mqtt_props_t *props);


ngx_int_t
ngx_mqtt_connack_send(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx,
    ngx_mqtt_packet_t *ack)
{
    u_char            buf[NGX_MQTT_NAME_LEN];
    ngx_str_t         name;
    ngx_mqtt_whose_t  whose;

    if (cx->present && ngx_mqtt_proof_governs(cl)
        && ngx_mqtt_handle_renew(cl, &cx->principal) != NGX_OK)
    {
        cl->will_discard = 1;
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_QUOTA_EXCEEDED,
                                    "no room for its roles");
    }

    ack->u.connack.session_present = (u_char) cx->present;

    if (ngx_mqtt_handle_answer(cl, ack) != NGX_OK) {
        return NGX_ERROR;
    }

    cl->connected = 1;
    cl->resumed = (cx->present != 0);

    if (cl->conf->token_enforce) {
        cl->expires = cx->principal.expires;
    }

    ngx_mqtt_connack_name(cl, cx);

    ngx_mqtt_handle_name(cl, buf, &name);

    ngx_log_error(NGX_LOG_INFO, cl->log, 0,
                  "client \"%V\" connected to hub \"%V\", mqtt %s, "
                  "%s session", &name, &cl->hub,
                  cl->version == NGX_MQTT_V5 ? "5.0" : "3.1.1",
                  cx->present ? "resumed" : "new");

    if (!cx->present) {
        ngx_mqtt_life_connected(cl, cx);

    } else if (cx->has_state) {
        ngx_mqtt_profile_whose(cl, &whose);
        (void) ngx_mqtt_profile_set_state(cl->worker, &whose,
                                          &cx->principal.state);
    }

    ngx_mqtt_proof_free(cl);

    return NGX_OK;
}


/* The user of a session that is resumed is its own. */

static void
ngx_mqtt_connack_name(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_str_t            username, *user_id;
    ngx_mqtt_whose_t     whose;
    ngx_mqtt_profile_t  *p;

    if (cl->ops->named == NULL && !cl->conf->native) {
        return;
    }

    p = NULL;
    user_id = &cx->principal.user_id;

    ngx_str_null(&username);

    if (cx->connect->has_username) {
        username = cx->connect->username;
    }

    if (cx->present && cl->attach->changed) {
        ngx_mqtt_profile_whose(cl, &whose);
        p = ngx_mqtt_profile_read(cl->worker, &whose);

        if (p) {
            user_id = &p->user_id;
        }
    }

    if (cl->ops->named && (user_id->len || username.len)) {
        cl->ops->named(cl, user_id, &username);
    }

    if (cl->conf->native && user_id->len) {
        ngx_mqtt_native_publisher(cl, user_id);
    }

    if (p) {
        ngx_free(p);
    }
}


void
ngx_mqtt_connack(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx,
    ngx_mqtt_packet_t *ack)
{
    ngx_mqtt_handle_packet(ack, NGX_MQTT_CONNACK);
    ack->u.connack.session_present = 0;

    if (cl->version != NGX_MQTT_V5) {
        return;
    }

    ngx_mqtt_connack_props(cl, cx, &ack->props);

    ack->props.user = cx->user;

    if (ngx_mqtt_encode_size(ack, cl->version) > cl->max_packet_size) {
        ngx_str_null(&ack->props.user);
    }
}


/* Only what differs from what the client asked for or has to assume. */

static void
ngx_mqtt_connack_props(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx,
    ngx_mqtt_props_t *props)
{
    ngx_mqtt_hub_conf_t  *conf;

    conf = cl->conf;

    if (cl->session_expiry != cl->requested_expiry) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_SESSION_EXPIRY);
        props->session_expiry = cl->session_expiry;
    }

    if (cl->by_method) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_AUTH_METHOD);
        ngx_str_set(&props->auth_method, NGX_MQTT_PROOF_METHOD);
    }

    if (conf->receive_maximum < NGX_MQTT_PACKET_ID_MAX) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_RECEIVE_MAXIMUM);
        props->receive_maximum = (uint16_t) conf->receive_maximum;
    }

    if (conf->max_qos < 2) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_MAXIMUM_QOS);
        props->maximum_qos = (u_char) conf->max_qos;
    }

    if (!conf->retain) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_RETAIN_AVAILABLE);
        props->retain_available = 0;
    }

    if (conf->max_packet_size && conf->max_packet_size < NGX_MQTT_PACKET_MAX) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_MAXIMUM_PACKET_SIZE);
        props->maximum_packet_size = (uint32_t) conf->max_packet_size;
    }

    if (cx->assigned) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_ASSIGNED_CLIENT_ID);
        props->assigned_client_id = cl->client_id;
    }

    if (conf->topic_alias_maximum) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_TOPIC_ALIAS_MAXIMUM);
        props->topic_alias_maximum = (uint16_t) conf->topic_alias_maximum;
    }

    if (!conf->wildcard_subscription) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_WILDCARD_AVAILABLE);
        props->wildcard_available = 0;
    }

    if (!conf->shared_subscription) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_SHARED_AVAILABLE);
        props->shared_available = 0;
    }

    if (cl->keep_alive != cx->connect->keep_alive) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_SERVER_KEEP_ALIVE);
        props->server_keep_alive = (uint16_t) cl->keep_alive;
    }
}
