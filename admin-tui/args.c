#include "admin-tui/args.h"

#include <stdlib.h>

#include "base/mem.h"

/* What is under way while argv is read. */
struct reading {
	char **argv;
	int argc, at;
	struct args *out;
	struct fault *fault;
};

static enum err
wrong(struct fault *f, const struct command *command, const char *what,
    const char *which)
{
	fault_set(f, FAULT_P18_USAGE, "%s%s", what, which);
	if (command == NULL) {
		fault_action(f, "towpath help lists the commands");
	} else {
		char synopsis[COMMAND_SYNOPSIS_SIZE];
		command_synopsis(command, synopsis);
		fault_action(f, "Usage: towpath %s", synopsis);
	}
	return ERR_SYNTAX;
}

static void
give(struct reading *r, const struct command_option *o, const char *value)
{
	r->out->given[r->out->n_given++] = (struct args_option){o, value};
}

/* A value of "[S]" is optional and only ever stands behind a '='. */
static bool
needs_value(const struct command_option *o)
{
	return o->value != NULL && o->value[0] != '[';
}

static enum err
read_value(struct reading *r, const struct command_option *o, const char *shown)
{
	if (r->at == r->argc)
		return wrong(
		    r->fault, NULL, "a value is missing behind ", shown);
	give(r, o, r->argv[r->at++]);
	return ERR_OK;
}

/* word: "--name" or "--name=value". */
static enum err
read_long(struct reading *r, const char *word)
{
	struct slice name = slice_from(slice_str(word), 2);
	size_t equals = slice_find(name, '=');
	const char *value = equals < name.n ? name.p + equals + 1 : NULL;
	name.n = equals;
	const struct command_option *o = command_option(NULL, name);
	if (o == NULL)
		return wrong(r->fault, NULL, "unknown option ", word);
	if (value != NULL && o->value == NULL)
		return wrong(
		    r->fault, NULL, "this option takes no value: ", word);
	if (value == NULL && needs_value(o))
		return read_value(r, o, word);
	give(r, o, value);
	return ERR_OK;
}

/* word: "-j", "-jf", "-aNAME" or "-a" with the value behind. */
static enum err
read_letters(struct reading *r, const char *word)
{
	for (const char *c = word + 1; *c != '\0'; c++) {
		const struct command_option *o = command_letter(NULL, *c);
		if (o == NULL)
			return wrong(r->fault, NULL, "unknown option ", word);
		if (!needs_value(o)) {
			give(r, o, NULL);
			continue;
		}
		if (c[1] == '\0')
			return read_value(r, o, word);
		give(r, o, c + 1);
		return ERR_OK;
	}
	return ERR_OK;
}

/* Options out of argv, all else into out->words. */
static enum err
read_argv(struct reading *r)
{
	bool only_words = false;
	while (r->at < r->argc) {
		char *word = r->argv[r->at++];
		enum err e = ERR_OK;
		if (only_words || word[0] != '-' || word[1] == '\0')
			r->out->words[r->out->n_words++] = word;
		else if (strcmp(word, "--") == 0)
			only_words = true;
		else if (word[1] == '-')
			e = read_long(r, word);
		else
			e = read_letters(r, word);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* "HOST|--app=APP": not wanted when that option was given. */
static bool
is_replaced(const struct args *a, struct slice form)
{
	struct slice option = slice_from(form, slice_find(form, '|'));
	if (!slice_starts_with(option, SLICE("|--")))
		return false;
	option = slice_from(option, 3);
	option.n = slice_find(option, '=');
	for (size_t i = 0; i < a->n_given; i++)
		if (slice_eq(slice_str(a->given[i].option->name), option))
			return true;
	return false;
}

static enum err
check_words(const struct args *a, struct fault *f)
{
	struct slice rest = slice_str(a->command->args), form;
	size_t least = 0, most = 0;
	while (slice_word(&rest, &form)) {
		if (is_replaced(a, form))
			continue;
		bool is_many = slice_find(form, '.') < form.n;
		if (form.p[0] != '[' && ++least > a->n_words)
			return wrong(f, a->command, "too few words for ",
			    a->command->words);
		most = is_many ? SIZE_MAX : most + (most != SIZE_MAX);
	}
	for (size_t i = 0; i < a->n_words; i++)
		if (a->words[i][0] == '\0')
			return wrong(f, a->command, "an empty word behind ",
			    a->command->words);
	if (a->n_words > most)
		return wrong(
		    f, a->command, "what is meant by ", a->words[most]);
	return ERR_OK;
}

static enum err
check_options(const struct args *a, struct fault *f)
{
	for (size_t i = 0; i < a->n_given; i++) {
		const char *name = a->given[i].option->name;
		if (command_option(a->command, slice_str(name)) == NULL) {
			wrong(f, a->command, "no option of this command: --",
			    name);
			return ERR_SYNTAX;
		}
	}
	return ERR_OK;
}

enum err
args_parse(int argc, char **argv, struct args *out, struct fault *f)
{
	size_t room = (size_t)argc + 1;
	/* Joined letters are several options in one word. */
	size_t letters = 0;
	for (int i = 0; i < argc; i++)
		letters += strlen(argv[i]) + 1;
	*out = (struct args){0};
	out->words = xcalloc(room, sizeof(*out->words));
	out->given = xcalloc(letters + 1, sizeof(*out->given));
	struct reading r = {argv, argc, 1, out, f};
	enum err e = read_argv(&r);
	if (e != ERR_OK || out->n_words == 0)
		return e;
	size_t used;
	out->command = command_match(out->words, out->n_words, &used);
	if (out->command == NULL)
		return wrong(f, NULL, "no such command: ", out->words[0]);
	out->n_words -= used;
	memmove(
	    out->words, out->words + used, out->n_words * sizeof(*out->words));
	e = check_options(out, f);
	return e != ERR_OK || args_has(out, "help") ? e : check_words(out, f);
}

void
args_clear(struct args *a)
{
	free(a->words);
	free(a->given);
	*a = (struct args){0};
}

bool
args_has(const struct args *a, const char *name)
{
	for (size_t i = 0; i < a->n_given; i++)
		if (strcmp(a->given[i].option->name, name) == 0)
			return true;
	return false;
}

const char *
args_value(const struct args *a, const char *name)
{
	const char *value = NULL;
	const char *next;
	size_t at = 0;
	while ((next = args_each(a, name, &at)) != NULL)
		value = next;
	return value;
}

const char *
args_each(const struct args *a, const char *name, size_t *at)
{
	while (*at < a->n_given) {
		const struct args_option *o = &a->given[(*at)++];
		if (strcmp(o->option->name, name) == 0 && o->value != NULL)
			return o->value;
	}
	return NULL;
}

const char *
args_word(const struct args *a, size_t i)
{
	return i < a->n_words ? a->words[i] : NULL;
}
