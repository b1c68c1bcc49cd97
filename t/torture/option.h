
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _OPTION_H_INCLUDED_
#define _OPTION_H_INCLUDED_


/*
 * PROGRAM mode host tcp_port ws_port [name=value ...]
 */

typedef struct {
    const char   *mode;
    const char   *host;
    int           tcp;
    int           ws;
} option_t;


/* Ends the program with 2 if they are not of this form. */
void option_init(int argc, char **argv);

/* The value of a name on the command line, or "value". */
long option(const char *name, long value);

extern option_t  options;


#endif /* _OPTION_H_INCLUDED_ */
