#ifndef ROUTER_CONTROL_API_CERTIFICATES_H
#define ROUTER_CONTROL_API_CERTIFICATES_H
/* Handlers of /v1/certificates and /v1/domains/{host}/certificate(s). */
#include "router/control/api.h"

api_handler api_certificates_list; /* what is served */
api_handler api_certificate_get, api_certificate_remove;
api_handler api_certificate_history, api_certificate_roll_back;

/* api_upload.c */
api_handler api_certificate_add, api_certificate_put;

/* api_export.c */
api_handler api_certificate_download, api_certificate_private_key;

/* api_csr.c */
api_handler api_csr_add, api_csr_list, api_csr_forget;

#endif
