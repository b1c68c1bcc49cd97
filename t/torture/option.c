
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option.h"


option_t  options;

static int     option_argc;
static char  **option_argv;


void
option_init(int argc, char **argv)
{
    int  i;

    if (argc < 5) {
        goto usage;
    }

    for (i = 5; i < argc; i++) {
        if (strchr(argv[i], '=') == NULL) {
            goto usage;
        }
    }

    options.mode = argv[1];
    options.host = argv[2];
    options.tcp = atoi(argv[3]);
    options.ws = atoi(argv[4]);

    option_argc = argc - 5;
    option_argv = argv + 5;

    return;

usage:

    fprintf(stderr, "usage: %s mode host tcp_port ws_port [name=value ...]\n",
            argv[0]);
    exit(2);
}


long
option(const char *name, long value)
{
    int     i;
    size_t  len;

    len = strlen(name);

    for (i = 0; i < option_argc; i++) {
        if (strncmp(option_argv[i], name, len) == 0
            && option_argv[i][len] == '=')
        {
            value = atol(option_argv[i] + len + 1);
        }
    }

    return value;
}
