/*
 * Rows of certificate and intermediate: how a chain is stored and read again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/host.h"
#include "base/json.h"
#include "base/mem.h"
#include "certs/install.h"

/* The id of an intermediate, stored if it is new. */
static enum err
intermediate(struct db *db, const struct certificate *c, int64_t *id)
{
	static const char find[] =
	    "SELECT id FROM intermediate WHERE fingerprint = ?";
	static const char insert[] =
	    "INSERT INTO intermediate (fingerprint, der) VALUES (?, ?)";
	struct slice fingerprint =
	    slice_of(c->fingerprint, sizeof(c->fingerprint));
	struct stmt *s = db_stmt(db, find);
	enum err e;

	stmt_blob(s, 1, fingerprint);
	e = stmt_step(s);
	if (e == ERR_OK) {
		*id = stmt_get_int(s, 0);
		stmt_done(s);
	}
	if (e != ERR_NOT_FOUND)
		return e;
	s = db_stmt(db, insert);
	stmt_blob(s, 1, fingerprint);
	stmt_blob(s, 2, c->der);
	e = stmt_run(s);
	*id = db_last_id(db);
	return e;
}

static char *
names_json(const struct certificate *c)
{
	json_t *list = json_array();
	char common_name[HOST_SIZE], *text;

	for (size_t i = 0; i < c->n_names; i++)
		json_array_append_new(list, json_string(c->names[i]));
	/* without any, the common name is what such a certificate covers */
	if (c->n_names == 0 && host_normalise(slice_str(c->common_name),
				   common_name, NULL) == ERR_OK)
		json_array_append_new(list, json_string(common_name));
	text = json_text(list);
	json_decref(list);
	return text;
}

static enum err
insert_leaf(struct db *db, const struct certificate *leaf, struct slice chain,
    struct slice sealed, bool trusted, const char *trust_fault)
{
	static const char sql[] =
	    "INSERT INTO certificate (leaf, chain, names, common_name, issuer, "
	    "serial, fingerprint, not_before, not_after, key_type, sealed, "
	    "trusted, trust_fault, created_at) "
	    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	struct stmt *s = db_stmt(db, sql);
	char *names = names_json(leaf);
	enum err e;

	stmt_blob(s, 1, leaf->der);
	stmt_text(s, 2, chain);
	stmt_str(s, 3, names);
	stmt_str(s, 4, leaf->common_name);
	stmt_str(s, 5, leaf->issuer);
	stmt_str(s, 6, leaf->serial);
	stmt_blob(s, 7, slice_of(leaf->fingerprint, sizeof(leaf->fingerprint)));
	stmt_int(s, 8, leaf->not_before);
	stmt_int(s, 9, leaf->not_after);
	stmt_str(s, 10, leaf->key_type);
	stmt_blob(s, 11, sealed);
	stmt_int(s, 12, trusted);
	stmt_str(s, 13, trust_fault);
	stmt_int(s, 14, clock_now());
	e = stmt_run(s);
	free(names);
	return e;
}

enum err
install_certificate(struct db *db, const struct chain *chain,
    struct slice sealed, bool trusted, const char *trust_fault, int64_t *id)
{
	enum err e = ERR_OK;
	struct buf ids;

	buf_init(&ids, 256);
	for (size_t i = 1; i < chain->n && e == ERR_OK; i++) {
		int64_t intermediate_id = 0;

		e = intermediate(db, chain->items[i], &intermediate_id);
		(void)buf_printf(&ids, "%s%lld", i == 1 ? "" : " ",
		    (long long)intermediate_id);
	}
	if (e == ERR_OK)
		e = insert_leaf(db, chain->items[0], buf_slice(&ids), sealed,
		    trusted, trust_fault);
	*id = db_last_id(db);
	buf_clear(&ids);
	return e;
}

enum err
install_read_certificate(
    struct db *db, int64_t id, struct stored_certificate *out)
{
	static const char sql[] = "SELECT leaf, chain, sealed, key_type, "
				  "not_before, not_after "
				  "FROM certificate WHERE id = ?";
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	if (s == NULL)
		return ERR_AGAIN;
	stmt_int(s, 1, id);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e;
	*out = (struct stored_certificate){
	    .leaf = stmt_get(s, 0),
	    .chain = stmt_get(s, 1),
	    .sealed = stmt_get(s, 2),
	    .key_type = stmt_get_str(s, 3),
	    .not_before = stmt_get_int(s, 4),
	    .not_after = stmt_get_int(s, 5),
	    .statement = s,
	};
	return ERR_OK;
}

enum err
install_read_intermediate(
    struct db *db, int64_t id, struct slice *der, struct stmt **statement)
{
	static const char sql[] = "SELECT der FROM intermediate WHERE id = ?";
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	if (s == NULL)
		return ERR_AGAIN;
	stmt_int(s, 1, id);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e;
	*der = stmt_get(s, 0);
	*statement = s;
	return ERR_OK;
}
