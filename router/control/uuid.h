#ifndef ROUTER_CONTROL_UUID_H
#define ROUTER_CONTROL_UUID_H
/* A random UUID (RFC 9562, version 4) as text. */

#define UUID_SIZE 37

char *uuid_make(char out[UUID_SIZE]); /* returns out */

#endif
