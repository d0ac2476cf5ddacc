#include "router/edge/challenge.h"

#include "router/edge/tls_self_signed.h"

#define TOKEN_MAX 256 /* base64url of 128 bits and more */

enum err
challenge_answer(
    struct db *db, struct slice token, struct arena *a, struct slice *answer)
{
	static const char sql[] = "SELECT key_authorization FROM challenge "
				  "WHERE token = ?1 AND type = 'http-01'";
	struct stmt *s;
	enum err e;

	if (token.n == 0 || token.n > TOKEN_MAX)
		return ERR_NOT_FOUND;
	s = db_stmt(db, sql);
	if (s == NULL)
		return ERR_AGAIN;
	stmt_text(s, 1, token);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? e : ERR_AGAIN;
	*answer = arena_copy(a, stmt_get(s, 0));
	stmt_done(s);
	return answer->p == NULL ? ERR_AGAIN : ERR_OK;
}

enum err
challenge_digest(
    struct db *db, struct slice host, uint8_t digest[CHALLENGE_DIGEST_SIZE])
{
	static const char sql[] =
	    "SELECT key_authorization FROM challenge WHERE host = ?1 "
	    "AND type = 'tls-alpn-01' ORDER BY id DESC LIMIT 1";
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	if (s == NULL)
		return ERR_AGAIN;
	stmt_text(s, 1, host);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? e : ERR_AGAIN;
	e = tls_sha256(stmt_get(s, 0), digest);
	stmt_done(s);
	return e;
}
