#include "acme/dns/route53_xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/xmlwriter.h>

#include "base/mem.h"

#define NAMESPACE "https://route53.amazonaws.com/doc/2013-04-01/"

/* --- reading ------------------------------------------------------------- */

static xmlDoc *
parse(struct slice xml)
{
	xmlDoc *doc;

	if (xml.n > ROUTE53_XML_MAX)
		return NULL;
	doc = xmlReadMemory(xml.p, (int)xml.n, "answer.xml", NULL,
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
		XML_PARSE_NOCDATA);
	if (doc == NULL || doc->intSubset == NULL)
		return doc;
	xmlFreeDoc(doc); /* entities of its own: nothing that Amazon sends */
	return NULL;
}

static bool
is_named(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE &&
	       strcmp((const char *)node->name, name) == 0;
}

/* Next element in document order under `top`, behind `at`. */
static const xmlNode *
following(const xmlNode *top, const xmlNode *at)
{
	if (at->children != NULL)
		return at->children;
	while (at != top && at->next == NULL)
		at = at->parent;
	return at == top ? NULL : at->next;
}

static const xmlNode *
find_after(const xmlNode *top, const xmlNode *at, const char *name)
{
	for (at = following(top, at); at != NULL; at = following(top, at))
		if (is_named(at, name))
			return at;
	return NULL;
}

static const xmlNode *
find(const xmlNode *top, const char *name)
{
	return top == NULL ? NULL : find_after(top, top, name);
}

/* The text of the first such element; "" when there is none. */
static void
text_of(const xmlNode *top, const char *name, char *out, size_t size)
{
	const xmlNode *node = find(top, name);
	xmlChar *text = node == NULL ? NULL : xmlNodeGetContent(node);

	snprintf(out, size, "%s", text == NULL ? "" : (const char *)text);
	xmlFree(text);
}

/* "*" comes back as \052 (RFC 1035, 5.1), names with their last dot. */
static void
plain_name(char *name)
{
	size_t n;

	if (strncmp(name, "\\052", 4) == 0) {
		name[0] = '*';
		memmove(name + 1, name + 4, strlen(name + 4) + 1);
	}
	n = strlen(name);
	if (n > 0 && name[n - 1] == '.')
		name[n - 1] = '\0';
	for (char *p = name; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
}

static void
last_part(const char *path, char id[ROUTE53_ID_SIZE])
{
	const char *slash = strrchr(path, '/');

	snprintf(id, ROUTE53_ID_SIZE, "%s", slash == NULL ? path : slash + 1);
}

/* It becomes part of a path. */
static bool
id_is_sane(const char *id)
{
	return id[0] != '\0' &&
	       strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == strlen(id);
}

static const xmlNode *
root_named(const xmlDoc *doc, const char *name)
{
	const xmlNode *root =
	    doc == NULL ? NULL : xmlDocGetRootElement((xmlDoc *)doc);

	return root != NULL && is_named(root, name) ? root : NULL;
}

static bool
is_zone(const xmlNode *zone, const char *name)
{
	char text[256], private[8];

	text_of(zone, "Name", text, sizeof(text));
	plain_name(text);
	text_of(zone, "PrivateZone", private, sizeof(private));
	return strcmp(text, name) == 0 && strcmp(private, "true") != 0;
}

enum err
route53_read_zone(struct slice xml, const char *name, char id[ROUTE53_ID_SIZE])
{
	xmlDoc *doc = parse(xml);
	const xmlNode *root = root_named(doc, "ListHostedZonesByNameResponse");
	const xmlNode *zone = find(root, "HostedZone");
	enum err e = root == NULL ? ERR_SYNTAX : ERR_NOT_FOUND;
	char path[128];

	for (; zone != NULL; zone = find_after(root, zone, "HostedZone")) {
		if (!is_zone(zone, name))
			continue;
		text_of(zone, "Id", path, sizeof(path));
		last_part(path, id);
		e = id_is_sane(id) ? ERR_OK : ERR_SYNTAX;
		break;
	}
	xmlFreeDoc(doc);
	return e;
}

void
route53_set_clear(struct route53_set *s)
{
	for (size_t i = 0; i < s->n_values; i++)
		free(s->values[i]);
	s->n_values = 0;
}

static enum err
read_values(const xmlNode *set, struct route53_set *out)
{
	const xmlNode *value = find(set, "Value");

	for (; value != NULL; value = find_after(set, value, "Value")) {
		xmlChar *text = xmlNodeGetContent(value);

		if (out->n_values == ROUTE53_VALUES_MAX || text == NULL) {
			xmlFree(text);
			return ERR_TOO_BIG;
		}
		out->values[out->n_values++] = xstrdup((const char *)text);
		xmlFree(text);
	}
	return ERR_OK;
}

static enum err
read_set(const xmlNode *set, struct route53_set *out)
{
	char ttl[16];
	enum err e = read_values(set, out);

	text_of(set, "TTL", ttl, sizeof(ttl));
	out->ttl_s = (int)strtol(ttl, NULL, 10);
	out->is_special = find(set, "AliasTarget") != NULL ||
			  find(set, "SetIdentifier") != NULL;
	return e;
}

enum err
route53_read_set(struct slice xml, const char *name, const char *type,
    struct route53_set *out)
{
	xmlDoc *doc = parse(xml);
	const xmlNode *root = root_named(doc, "ListResourceRecordSetsResponse");
	const xmlNode *set = find(root, "ResourceRecordSet");
	enum err e = root == NULL ? ERR_SYNTAX : ERR_OK;

	*out = (struct route53_set){.ttl_s = 0};
	for (; set != NULL && e == ERR_OK;
	     set = find_after(root, set, "ResourceRecordSet")) {
		text_of(set, "Name", out->name, sizeof(out->name));
		plain_name(out->name);
		text_of(set, "Type", out->type, sizeof(out->type));
		if (strcmp(out->name, name) != 0 ||
		    strcmp(out->type, type) != 0)
			continue;
		e = read_set(set, out);
		break;
	}
	snprintf(out->name, sizeof(out->name), "%s", name);
	snprintf(out->type, sizeof(out->type), "%s", type);
	xmlFreeDoc(doc);
	if (e != ERR_OK)
		route53_set_clear(out);
	return e;
}

enum err
route53_read_change(
    struct slice xml, char id[ROUTE53_ID_SIZE], bool *is_in_sync)
{
	xmlDoc *doc = parse(xml);
	const xmlNode *root = doc == NULL ? NULL : xmlDocGetRootElement(doc);
	const xmlNode *info = find(root, "ChangeInfo");
	char path[128], status[16];
	enum err e = ERR_SYNTAX;

	if (info != NULL) {
		text_of(info, "Id", path, sizeof(path));
		last_part(path, id);
		text_of(info, "Status", status, sizeof(status));
		*is_in_sync = strcmp(status, "INSYNC") == 0;
		e = id_is_sane(id) ? ERR_OK : ERR_SYNTAX;
	}
	xmlFreeDoc(doc);
	return e;
}

enum err
route53_read_error(struct slice xml, char *code, size_t code_size,
    char *message, size_t message_size)
{
	xmlDoc *doc = parse(xml);
	const xmlNode *root = doc == NULL ? NULL : xmlDocGetRootElement(doc);
	enum err e = ERR_OK;

	if (root != NULL && is_named(root, "InvalidChangeBatch"))
		snprintf(code, code_size, "InvalidChangeBatch");
	else if (root != NULL && is_named(root, "ErrorResponse"))
		text_of(root, "Code", code, code_size);
	else
		e = ERR_SYNTAX;
	if (e == ERR_OK)
		text_of(root, "Message", message, message_size);
	xmlFreeDoc(doc);
	return e;
}

/* --- writing ------------------------------------------------------------- */

static void
begin(xmlTextWriter *w, const char *name)
{
	(void)xmlTextWriterStartElement(w, BAD_CAST name);
}

static void
end(xmlTextWriter *w)
{
	(void)xmlTextWriterEndElement(w);
}

static void
put(xmlTextWriter *w, const char *name, const char *text)
{
	(void)xmlTextWriterWriteElement(w, BAD_CAST name, BAD_CAST text);
}

/* The order of the elements is part of the protocol. */
static void
put_set(xmlTextWriter *w, const struct route53_set *s)
{
	char ttl[16];

	snprintf(ttl, sizeof(ttl), "%d", s->ttl_s);
	begin(w, "ResourceRecordSet");
	put(w, "Name", s->name);
	put(w, "Type", s->type);
	put(w, "TTL", ttl);
	begin(w, "ResourceRecords");
	for (size_t i = 0; i < s->n_values; i++) {
		begin(w, "ResourceRecord");
		put(w, "Value", s->values[i]);
		end(w);
	}
	end(w);
	end(w);
}

enum err
route53_write_change(
    struct buf *b, const struct route53_set *was, const struct route53_set *set)
{
	bool is_delete = set->n_values == 0;
	xmlBuffer *out = xmlBufferCreate();
	xmlTextWriter *w = out == NULL ? NULL : xmlNewTextWriterMemory(out, 0);
	enum err e;

	if (w == NULL)
		die("libxml2 cannot write");
	(void)xmlTextWriterStartDocument(w, NULL, "UTF-8", NULL);
	(void)xmlTextWriterStartElementNS(w, NULL,
	    BAD_CAST "ChangeResourceRecordSetsRequest", BAD_CAST NAMESPACE);
	begin(w, "ChangeBatch");
	put(w, "Comment", "towpath");
	begin(w, "Changes");
	begin(w, "Change");
	put(w, "Action", is_delete ? "DELETE" : "UPSERT");
	put_set(w, is_delete ? was : set);
	(void)xmlTextWriterEndDocument(w);
	xmlFreeTextWriter(w);
	e = buf_add(
	    b, slice_of(xmlBufferContent(out), (size_t)xmlBufferLength(out)));
	xmlBufferFree(out);
	return e;
}
