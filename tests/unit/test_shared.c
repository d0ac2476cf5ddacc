#include <sys/mman.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/shared.h"
#include "tests/unit/test.h"

static void
bump_is_seen_through_a_read_only_mapping(void **state)
{
	struct shared *writer, *reader;
	int fd, readonly;
	unsigned slot = shared_slot(SLICE("www.example.com"));
	uint64_t before;

	(void)state;
	assert_int_equal(shared_create(&fd), ERR_OK);
	assert_int_equal(shared_fd_readonly(fd, &readonly), ERR_OK);
	assert_int_equal(shared_map(fd, true, &writer), ERR_OK);
	assert_int_equal(shared_map(readonly, false, &reader), ERR_OK);
	before = shared_load(reader, slot);
	shared_bump(writer, SLICE("www.example.com"));
	assert_int_not_equal(shared_load(reader, slot), before);
	before = shared_load(reader, 17);
	shared_bump_all(writer);
	assert_int_not_equal(shared_load(reader, 17), before);
	shared_unmap(reader);
	shared_unmap(writer);
	close(readonly);
	close(fd);
}

static void
read_only_descriptor_cannot_be_mapped_for_writing(void **state)
{
	struct shared *s = NULL;
	int fd, readonly;

	(void)state;
	assert_int_equal(shared_create(&fd), ERR_OK);
	assert_int_equal(shared_fd_readonly(fd, &readonly), ERR_OK);
	assert_int_equal(shared_map(readonly, true, &s), ERR_IO);
	assert_null(s);
	close(readonly);
	close(fd);
}

static void
foreign_file_is_refused(void **state)
{
	struct shared *s = NULL;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	assert_int_equal(shared_map(fd, false, &s), ERR_IO);
	close(fd);
}

static void
slots_spread_over_the_table(void **state)
{
	static bool used[SHARED_SLOTS];
	int n = 0;

	(void)state;
	for (int i = 0; i < SHARED_SLOTS; i++) {
		char host[64];
		unsigned slot;

		(void)snprintf(host, sizeof(host), "app%d.example.com", i);
		slot = shared_slot(slice_str(host));
		assert_true(slot < SHARED_SLOTS);
		n += !used[slot];
		used[slot] = true;
	}
	/* at random, 63 % of the slots are met */
	assert_true(n > SHARED_SLOTS * 55 / 100);
}

static struct ticket_master
master(uint8_t byte)
{
	struct ticket_master m = {.made_at = byte};

	memset(m.name, byte, sizeof(m.name));
	memset(m.secret, byte, sizeof(m.secret));
	return m;
}

static void
masters_are_current_and_previous(void **state)
{
	struct ticket_master out[2], one = master(1), two = master(2);
	struct shared *s;
	int fd;

	(void)state;
	assert_int_equal(shared_create(&fd), ERR_OK);
	assert_int_equal(shared_map(fd, true, &s), ERR_OK);
	assert_int_equal(shared_masters(s, out), ERR_AGAIN);
	shared_rotate_master(s, &one);
	assert_int_equal(shared_masters(s, out), ERR_OK);
	assert_memory_equal(&out[0], &one, sizeof(one));
	assert_int_equal(out[1].made_at, 0);
	shared_rotate_master(s, &two);
	assert_int_equal(shared_masters(s, out), ERR_OK);
	assert_memory_equal(&out[0], &two, sizeof(two));
	assert_memory_equal(&out[1], &one, sizeof(one));
	shared_unmap(s);
	close(fd);
}

static void
masters_are_never_torn(void **state)
{
	struct ticket_master out[2];
	struct shared *s;
	int fd, seen = 0;
	bool over = false;
	pid_t pid;

	(void)state;
	assert_int_equal(shared_create(&fd), ERR_OK);
	assert_int_equal(shared_map(fd, true, &s), ERR_OK);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 100000; i++) {
			struct ticket_master next =
			    master((uint8_t)(i % 255 + 1));

			shared_rotate_master(s, &next);
		}
		_exit(0);
	}
	while (!over || seen == 0) {
		struct ticket_master whole;

		over = over || waitpid(pid, NULL, WNOHANG) != 0;
		if (shared_masters(s, out) != ERR_OK)
			continue;
		seen++;
		whole = master(out[0].name[0]);
		assert_memory_equal(&out[0], &whole, sizeof(whole));
	}
	shared_unmap(s);
	close(fd);
}

static void
stats_pages_are_shared(void **state)
{
	struct stats_page *writer, *reader;
	int fd;

	(void)state;
	assert_int_equal(stats_create(2, &fd), ERR_OK);
	assert_int_equal(stats_map(fd, 1, true, &writer), ERR_OK);
	assert_int_equal(stats_map(fd, 1, false, &reader), ERR_OK);
	atomic_fetch_add(&writer->requests_total, 3);
	assert_int_equal(atomic_load(&reader->requests_total), 3);
	stats_unmap(reader);
	assert_int_equal(stats_map(fd, 0, false, &reader), ERR_OK);
	assert_int_equal(atomic_load(&reader->requests_total), 0);
	stats_unmap(writer);
	stats_unmap(reader);
	assert_int_equal(stats_map(fd, 2, false, &reader), ERR_IO);
	close(fd);
}

static void
successor_keeps_totals_and_begins_gauges_anew(void **state)
{
	struct stats_page *p;
	int fd;

	(void)state;
	assert_int_equal(stats_create(1, &fd), ERR_OK);
	assert_int_equal(stats_map(fd, 0, true, &p), ERR_OK);
	atomic_store(&p->requests_total, 3);
	atomic_store(&p->connections_open, 2);
	stats_begin(p);
	assert_int_equal(atomic_load(&p->requests_total), 3);
	assert_int_equal(atomic_load(&p->connections_open), 0);
	stats_unmap(p);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bump_is_seen_through_a_read_only_mapping),
	    cmocka_unit_test(read_only_descriptor_cannot_be_mapped_for_writing),
	    cmocka_unit_test(foreign_file_is_refused),
	    cmocka_unit_test(slots_spread_over_the_table),
	    cmocka_unit_test(masters_are_current_and_previous),
	    cmocka_unit_test(masters_are_never_torn),
	    cmocka_unit_test(stats_pages_are_shared),
	    cmocka_unit_test(successor_keeps_totals_and_begins_gauges_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
