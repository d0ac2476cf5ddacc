#ifndef ROUTER_CONTROL_API_IMPORT_H
#define ROUTER_CONTROL_API_IMPORT_H
/*
 * POST /v1/import: JSON lines of apps, domains and certificates, each taken or
 * refused by itself.
 *
 *   {"type": "app", "name": "shop", "backends": [...], "settings": {}}
 *   {"type": "domain", "host": "www.example.com", "app": "shop",
 *       "certificate": {upload}, ...}
 *   {"type": "certificate", "host": "www.example.com", "certificate": PEM, ...}
 *
 * Without "type", members tell: "name" an app, "host" with "app" or without a
 * certificate's text a domain, else a certificate.
 */
#include "router/control/api.h"

api_handler api_import;

#endif
