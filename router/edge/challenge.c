#include "router/edge/challenge.h"

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
