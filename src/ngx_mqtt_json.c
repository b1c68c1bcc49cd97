
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_json.h>
#include <ngx_mqtt_topic.h>

#include <setjmp.h>
#include <yajl/yajl_parse.h>


/* in front of what yajl gets, which keeps its alignment */

#define NGX_MQTT_JSON_ALLOC  16


typedef struct {
    ngx_mqtt_json_t       *value;
    ngx_mqtt_json_t      **last;
} ngx_mqtt_json_open_t;


typedef struct {
    jmp_buf                nomem;
    ngx_pool_t            *pool;
    yajl_handle            yajl;
    ngx_str_t              text;
    ngx_str_t              name;          /* of the next value */
    ngx_mqtt_json_t       *root;
    size_t                 end;           /* of the root */
    const char            *reason;
    ngx_uint_t             levels;
    ngx_uint_t             depth;
    ngx_uint_t             values;
    ngx_mqtt_json_open_t   open[NGX_MQTT_JSON_DEPTH];
} ngx_mqtt_json_reader_t;


static ngx_int_t ngx_mqtt_json_read(ngx_mqtt_json_reader_t *r);
static ngx_int_t ngx_mqtt_json_escapes(const ngx_str_t *text);
static ngx_int_t ngx_mqtt_json_unit(const u_char *p, const u_char *last);
static void *ngx_mqtt_json_alloc(void *ctx, size_t size);
static void *ngx_mqtt_json_realloc(void *ctx, void *p, size_t size);
static void ngx_mqtt_json_free(void *ctx, void *p);
static int ngx_mqtt_json_null(void *ctx);
static int ngx_mqtt_json_bool(void *ctx, int boolean);
static int ngx_mqtt_json_number(void *ctx, const char *p, size_t len);
static int ngx_mqtt_json_string(void *ctx, const u_char *p, size_t len);
static int ngx_mqtt_json_name(void *ctx, const u_char *p, size_t len);
static int ngx_mqtt_json_object(void *ctx);
static int ngx_mqtt_json_array(void *ctx);
static int ngx_mqtt_json_start(ngx_mqtt_json_reader_t *r, ngx_uint_t type);
static int ngx_mqtt_json_end(void *ctx);
static ngx_int_t ngx_mqtt_json_add(ngx_mqtt_json_reader_t *r, ngx_uint_t type,
    ngx_mqtt_json_t **value);
static ngx_mqtt_json_t *ngx_mqtt_json_find(const ngx_mqtt_json_t *object,
    const u_char *p, size_t len);
static void ngx_mqtt_json_keep(ngx_mqtt_json_reader_t *r, ngx_str_t *s,
    const u_char *p, size_t len);
static void ngx_mqtt_json_integer(ngx_mqtt_json_t *value);
static size_t ngx_mqtt_json_char(const u_char **pos, const u_char *last,
    u_char *out);


static const yajl_callbacks  ngx_mqtt_json_callbacks = {
    ngx_mqtt_json_null,
    ngx_mqtt_json_bool,
    NULL,
    NULL,
    ngx_mqtt_json_number,
    ngx_mqtt_json_string,
    ngx_mqtt_json_object,
    ngx_mqtt_json_name,
    ngx_mqtt_json_end,
    ngx_mqtt_json_array,
    ngx_mqtt_json_end
};


ngx_int_t
ngx_mqtt_json_parse(ngx_pool_t *pool, const ngx_str_t *text, ngx_uint_t levels,
    ngx_mqtt_json_t **root, const char **reason)
{
    ngx_int_t               rc;
    ngx_mqtt_json_reader_t  r;

    if (text->len > NGX_MQTT_JSON_SIZE) {
        *reason = "JSON is too long";
        return NGX_DECLINED;
    }

    if (ngx_mqtt_utf8_valid(text->data, text->len) != NGX_OK) {
        *reason = "JSON is not UTF-8";
        return NGX_DECLINED;
    }

    if (ngx_mqtt_json_escapes(text) != NGX_OK) {
        *reason = "JSON has half a surrogate pair";
        return NGX_DECLINED;
    }

    ngx_memzero(&r, sizeof(ngx_mqtt_json_reader_t));

    r.pool = pool;
    r.text = *text;
    r.levels = ngx_min(levels, NGX_MQTT_JSON_DEPTH);
    r.reason = "invalid JSON";

    rc = ngx_mqtt_json_read(&r);

    *root = r.root;
    *reason = r.reason;

    return rc;
}


static ngx_int_t
ngx_mqtt_json_read(ngx_mqtt_json_reader_t *r)
{
    yajl_status       status;
    yajl_alloc_funcs  funcs;

    /* yajl does not check what its allocator returns */

    if (setjmp(r->nomem)) {
        return NGX_ERROR;
    }

    funcs.malloc = ngx_mqtt_json_alloc;
    funcs.realloc = ngx_mqtt_json_realloc;
    funcs.free = ngx_mqtt_json_free;
    funcs.ctx = r;

    r->yajl = yajl_alloc(&ngx_mqtt_json_callbacks, &funcs, r);

    status = yajl_parse(r->yajl, r->text.data, r->text.len);

    if (status == yajl_status_ok) {

        if (r->root == NULL) {
            r->end = r->text.len;
        }

        status = yajl_complete_parse(r->yajl);
    }

    yajl_free(r->yajl);

    if (status != yajl_status_ok || r->root == NULL) {
        return NGX_DECLINED;
    }

    /* yajl takes the beginning of a string behind the root */

    while (r->end < r->text.len) {
        if (ngx_strchr(" \t\r\n", r->text.data[r->end++]) == NULL) {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


/* yajl makes of half a pair what is no UTF-8, or a question mark */

static ngx_int_t
ngx_mqtt_json_escapes(const ngx_str_t *text)
{
    ngx_int_t      n;
    const u_char  *p, *last;

    p = text->data;
    last = p + text->len;

    /* a backslash alone at the end is yajl's affair */

    while (last - p > 1 && (p = memchr(p, '\\', last - p - 1)) != NULL) {

        n = ngx_mqtt_json_unit(p, last);

        if (n < 0xd800 || n > 0xdfff) {
            p += 2;
            continue;
        }

        p += 6;

        if (n > 0xdbff
            || (ngx_mqtt_json_unit(p, last) & ~0x3ff) != 0xdc00)
        {
            return NGX_ERROR;
        }

        p += 6;
    }

    return NGX_OK;
}


/* the four digits behind \u, or NGX_ERROR if there is something else */

static ngx_int_t
ngx_mqtt_json_unit(const u_char *p, const u_char *last)
{
    if (last - p < 6 || p[0] != '\\' || p[1] != 'u') {
        return NGX_ERROR;
    }

    return ngx_hextoi((u_char *) p + 2, 4);
}


static void *
ngx_mqtt_json_alloc(void *ctx, size_t size)
{
    ngx_mqtt_json_reader_t  *r = ctx;

    u_char  *p;

    p = ngx_palloc(r->pool, NGX_MQTT_JSON_ALLOC + size);
    if (p == NULL) {
        longjmp(r->nomem, 1);
    }

    ngx_memcpy(p, &size, sizeof(size_t));

    return p + NGX_MQTT_JSON_ALLOC;
}


static void *
ngx_mqtt_json_realloc(void *ctx, void *p, size_t size)
{
    void    *n;
    size_t   old;

    n = ngx_mqtt_json_alloc(ctx, size);

    if (p) {
        ngx_memcpy(&old, (u_char *) p - NGX_MQTT_JSON_ALLOC, sizeof(size_t));
        ngx_memcpy(n, p, ngx_min(old, size));
        ngx_mqtt_json_free(ctx, p);
    }

    return n;
}


static void
ngx_mqtt_json_free(void *ctx, void *p)
{
    ngx_mqtt_json_reader_t  *r = ctx;

    if (p) {
        (void) ngx_pfree(r->pool, (u_char *) p - NGX_MQTT_JSON_ALLOC);
    }
}


static int
ngx_mqtt_json_null(void *ctx)
{
    ngx_int_t         rc;
    ngx_mqtt_json_t  *value;

    rc = ngx_mqtt_json_add(ctx, NGX_MQTT_JSON_NULL, &value);

    if (rc == NGX_OK) {
        ngx_str_set(&value->text, "null");
    }

    return rc != NGX_ERROR;
}


static int
ngx_mqtt_json_bool(void *ctx, int boolean)
{
    ngx_int_t         rc;
    ngx_mqtt_json_t  *value;

    rc = ngx_mqtt_json_add(ctx, NGX_MQTT_JSON_BOOL, &value);

    if (rc == NGX_OK) {
        value->integer = boolean ? 1 : 0;

        if (boolean) {
            ngx_str_set(&value->text, "true");

        } else {
            ngx_str_set(&value->text, "false");
        }
    }

    return rc != NGX_ERROR;
}


static int
ngx_mqtt_json_number(void *ctx, const char *p, size_t len)
{
    ngx_int_t         rc;
    ngx_mqtt_json_t  *value;

    rc = ngx_mqtt_json_add(ctx, NGX_MQTT_JSON_NUMBER, &value);

    if (rc == NGX_OK) {
        ngx_mqtt_json_keep(ctx, &value->text, (const u_char *) p, len);
        ngx_mqtt_json_integer(value);
    }

    return rc != NGX_ERROR;
}


static int
ngx_mqtt_json_string(void *ctx, const u_char *p, size_t len)
{
    ngx_int_t         rc;
    ngx_mqtt_json_t  *value;

    rc = ngx_mqtt_json_add(ctx, NGX_MQTT_JSON_STRING, &value);

    if (rc == NGX_OK) {
        ngx_mqtt_json_keep(ctx, &value->text, p, len);
    }

    return rc != NGX_ERROR;
}


static int
ngx_mqtt_json_name(void *ctx, const u_char *p, size_t len)
{
    ngx_mqtt_json_reader_t  *r = ctx;

    ngx_mqtt_json_t  *object;

    if (r->depth > r->levels) {
        return 1;
    }

    object = r->open[r->depth - 1].value;

    if (object->n == NGX_MQTT_JSON_MEMBERS) {
        r->reason = "JSON object has too many members";
        return 0;
    }

    if (ngx_mqtt_json_find(object, p, len)) {
        r->reason = "JSON object has a name twice";
        return 0;
    }

    ngx_mqtt_json_keep(r, &r->name, p, len);

    return 1;
}


static int
ngx_mqtt_json_object(void *ctx)
{
    return ngx_mqtt_json_start(ctx, NGX_MQTT_JSON_OBJECT);
}


static int
ngx_mqtt_json_array(void *ctx)
{
    return ngx_mqtt_json_start(ctx, NGX_MQTT_JSON_ARRAY);
}


static int
ngx_mqtt_json_start(ngx_mqtt_json_reader_t *r, ngx_uint_t type)
{
    ngx_int_t         rc;
    ngx_mqtt_json_t  *value;

    if (r->depth == NGX_MQTT_JSON_DEPTH) {
        r->reason = "JSON is too deep";
        return 0;
    }

    rc = ngx_mqtt_json_add(r, type, &value);

    if (rc == NGX_ERROR) {
        return 0;
    }

    if (rc == NGX_OK) {
        value->text.data = r->text.data + yajl_get_bytes_consumed(r->yajl) - 1;

        r->open[r->depth].value = value;
        r->open[r->depth].last = &value->first;
    }

    r->depth++;

    return 1;
}


static int
ngx_mqtt_json_end(void *ctx)
{
    ngx_mqtt_json_reader_t  *r = ctx;

    size_t            end;
    ngx_mqtt_json_t  *value;

    end = yajl_get_bytes_consumed(r->yajl);

    r->depth--;

    if (r->depth == 0) {
        r->end = end;
    }

    if (r->depth <= r->levels) {
        value = r->open[r->depth].value;
        value->text.len = r->text.data + end - value->text.data;
    }

    return 1;
}


/* NGX_DECLINED if the value is too deep to be kept, NGX_ERROR to stop */

static ngx_int_t
ngx_mqtt_json_add(ngx_mqtt_json_reader_t *r, ngx_uint_t type,
    ngx_mqtt_json_t **value)
{
    ngx_mqtt_json_t       *v;
    ngx_mqtt_json_open_t  *open;

    if (r->depth > r->levels) {
        return NGX_DECLINED;
    }

    if (r->values++ == NGX_MQTT_JSON_VALUES) {
        r->reason = "JSON has too many values";
        return NGX_ERROR;
    }

    v = ngx_pcalloc(r->pool, sizeof(ngx_mqtt_json_t));
    if (v == NULL) {
        longjmp(r->nomem, 1);
    }

    v->type = (u_char) type;

    if (r->depth == 0) {
        r->root = v;

        /* a number at the very end is only known when all is complete */

        if (r->end == 0) {
            r->end = yajl_get_bytes_consumed(r->yajl);
        }

    } else {
        open = &r->open[r->depth - 1];

        if (open->value->type == NGX_MQTT_JSON_OBJECT) {
            v->name = r->name;
        }

        open->value->n++;
        *open->last = v;
        open->last = &v->next;
    }

    *value = v;

    return NGX_OK;
}


ngx_mqtt_json_t *
ngx_mqtt_json_get(const ngx_mqtt_json_t *object, const char *name)
{
    if (object->type != NGX_MQTT_JSON_OBJECT) {
        return NULL;
    }

    return ngx_mqtt_json_find(object, (const u_char *) name,
                              ngx_strlen(name));
}


static ngx_mqtt_json_t *
ngx_mqtt_json_find(const ngx_mqtt_json_t *object, const u_char *p, size_t len)
{
    ngx_mqtt_json_t  *v;

    for (v = object->first; v; v = v->next) {

        if (v->name.len == len && ngx_memcmp(v->name.data, p, len) == 0) {
            return v;
        }
    }

    return NULL;
}


/* what yajl had to decode is in a buffer that it uses again */

static void
ngx_mqtt_json_keep(ngx_mqtt_json_reader_t *r, ngx_str_t *s, const u_char *p,
    size_t len)
{
    s->len = len;

    if (p >= r->text.data && p < r->text.data + r->text.len) {
        s->data = (u_char *) p;
        return;
    }

    s->data = ngx_pnalloc(r->pool, len);
    if (s->data == NULL) {
        longjmp(r->nomem, 1);
    }

    ngx_memcpy(s->data, p, len);
}


static void
ngx_mqtt_json_integer(ngx_mqtt_json_t *value)
{
    u_char    *p, *last;
    uint64_t   n, max;

    p = value->text.data;
    last = p + value->text.len;
    max = INT64_MAX;

    if (*p == '-') {
        p++;
        max++;
    }

    for (n = 0; p < last; p++) {

        if (*p < '0' || *p > '9' || n > (max - (*p - '0')) / 10) {
            return;
        }

        n = n * 10 + (*p - '0');
    }

    value->integer = (int64_t) (max > INT64_MAX ? 0 - n : n);
    value->is_integer = 1;
}


size_t
ngx_mqtt_json_size(const ngx_str_t *s)
{
    size_t         size;
    u_char         out[6];
    const u_char  *p, *last;

    p = s->data;
    last = p + s->len;

    for (size = 2; p < last; /* void */) {
        size += ngx_mqtt_json_char(&p, last, out);
    }

    return size;
}


u_char *
ngx_mqtt_json_write(u_char *dst, const ngx_str_t *s)
{
    u_char         out[6];
    size_t         n;
    const u_char  *p, *last;

    p = s->data;
    last = p + s->len;

    *dst++ = '"';

    while (p < last) {
        n = ngx_mqtt_json_char(&p, last, out);
        dst = ngx_cpymem(dst, out, n);
    }

    *dst++ = '"';

    return dst;
}


/* The next character as it is written; returns the number of bytes. */

static size_t
ngx_mqtt_json_char(const u_char **pos, const u_char *last, u_char *out)
{
    size_t         n;
    const u_char  *p;

    p = *pos;

    if (*p == '"' || *p == '\\') {
        out[0] = '\\';
        out[1] = *p;
        *pos = p + 1;
        return 2;
    }

    if (*p < 0x20) {
        ngx_sprintf(out, "\\u%04xd", (int) *p);
        *pos = p + 1;
        return 6;
    }

    n = (*p < 0x80) ? 1 : (*p < 0xe0) ? 2 : (*p < 0xf0) ? 3 : 4;

    if ((size_t) (last - p) < n || ngx_mqtt_utf8_valid(p, n) != NGX_OK) {
        ngx_memcpy(out, "\xef\xbf\xbd", 3);
        *pos = p + 1;
        return 3;
    }

    ngx_memcpy(out, p, n);
    *pos = p + n;

    return n;
}
