#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "acme/dns/dns.h"
#include "acme/dns/dns_message.h"
#include "base/buf.h"
#include "base/mem.h"
#include "tests/unit/name_server.h"
#include "tests/unit/test.h"

#define ROUNDS_MAX 2000 /* turns of the loop before a test gives up */

/* --- asking it ----------------------------------------------------------- */

struct heard {
	int times;
	size_t n;
	struct dns_answer answers[DNS_RESOLVERS_MAX];
};

static void
on_done(void *ctx, const struct dns_answer *answers, size_t n)
{
	struct heard *h = ctx;

	h->times++;
	h->n = n;
	memcpy(h->answers, answers, n * sizeof(*answers));
}

static void
run_until(const int *times)
{
	for (int i = 0; i < ROUNDS_MAX && *times == 0; i++)
		ev_run(EV_DEFAULT, EVRUN_ONCE);
	assert_int_equal(*times, 1);
}

static void
ask_zone(const struct zone *zone, const char *host, struct heard *h)
{
	struct name_server s;
	struct dns *d;

	name_server_start(&s, zone);
	memset(h, 0, sizeof(*h));
	assert_int_equal(dns_new(EV_DEFAULT, &s.addr, 1, &d, NULL), ERR_OK);
	dns_ask(d, host, on_done, h);
	assert_int_equal(h->times, 0); /* never from within dns_ask */
	run_until(&h->times);
	assert_int_equal(h->n, 1);
	assert_true(addr_eq(&h->answers[0].resolver, &s.addr));
	dns_free(d);
	name_server_stop(&s);
}

static void
assert_address(const struct dns_answer *a, size_t i, const char *text)
{
	char got[ADDR_TEXT_SIZE];

	assert_true(i < a->n_addresses);
	assert_string_equal(addr_format_ip(&a->addresses[i], got), text);
	assert_int_equal(addr_port(&a->addresses[i]), 0);
}

static const struct zone_record plain[] = {
    {"www.test", "192.0.2.1", DNS_TYPE_A, 300},
    {"www.test", "192.0.2.2", DNS_TYPE_A, 300},
    {"www.test", "2001:db8::1", DNS_TYPE_AAAA, 120},
};
static const struct zone plain_zone = {plain, COUNT_OF(plain), .follows = true};

static void
addresses_of_both_families_come_with_the_shortest_ttl(void **state)
{
	struct heard h;

	(void)state;
	ask_zone(&plain_zone, "www.test", &h);
	assert_int_equal(h.answers[0].a, DNS_OK);
	assert_int_equal(h.answers[0].aaaa, DNS_OK);
	assert_int_equal(h.answers[0].n_addresses, 3);
	assert_address(&h.answers[0], 0, "192.0.2.1");
	assert_address(&h.answers[0], 1, "192.0.2.2");
	assert_address(&h.answers[0], 2, "2001:db8::1");
	assert_int_equal(h.answers[0].ttl_s, 120);
	assert_int_equal(h.answers[0].address_ttl_s[1], 300);
	assert_int_equal(h.answers[0].address_ttl_s[2], 120);
	assert_int_equal(h.answers[0].kept_s, 300);
	assert_int_equal(h.answers[0].n_chain, 0);
}

static void
no_data_is_an_answer_and_lasts_as_the_soa_says(void **state)
{
	static const struct zone zone = {.minimum = 42};
	struct heard h;

	(void)state;
	ask_zone(&zone, "www.test", &h);
	assert_int_equal(h.answers[0].a, DNS_OK);
	assert_int_equal(h.answers[0].aaaa, DNS_OK);
	assert_int_equal(h.answers[0].n_addresses, 0);
	assert_int_equal(h.answers[0].ttl_s, 42);
	assert_int_equal(h.answers[0].denial_s, 42);
	assert_int_equal(h.answers[0].kept_s, 42);
}

static void
every_refusal_is_told_apart(void **state)
{
	static const struct {
		unsigned rcode;
		enum dns_result result;
	} cases[] = {{3, DNS_NXDOMAIN}, {2, DNS_SERVFAIL}, {5, DNS_REFUSED}};
	struct heard h;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct zone zone = {.rcode = cases[i].rcode};

		ask_zone(&zone, "www.test", &h);
		assert_int_equal(h.answers[0].a, cases[i].result);
		assert_int_equal(h.answers[0].aaaa, cases[i].result);
	}
}

static void
broken_signatures_are_told_from_servers_that_fail(void **state)
{
	struct zone zone = plain_zone;
	struct heard h;

	(void)state;
	zone.is_bogus = true;
	ask_zone(&zone, "www.test", &h);
	assert_int_equal(h.answers[0].a, DNS_BOGUS);
	assert_int_equal(h.answers[0].aaaa, DNS_BOGUS);
	assert_int_equal(h.answers[0].n_addresses, 0);
	zone.rcode = 2;
	ask_zone(&zone, "www.test", &h);
	assert_int_equal(h.answers[0].a, DNS_SERVFAIL);
}

static void
a_resolver_that_is_not_there_is_a_timeout(void **state)
{
	struct name_server s;
	struct heard h = {0};
	struct dns *d;

	(void)state;
	name_server_start(&s, &plain_zone);
	name_server_stop(&s); /* its port is free now */
	assert_int_equal(dns_new(EV_DEFAULT, &s.addr, 1, &d, NULL), ERR_OK);
	dns_ask(d, "www.test", on_done, &h);
	assert_int_equal(h.times, 0);
	run_until(&h.times);
	assert_int_equal(h.answers[0].a, DNS_TIMEOUT);
	assert_int_equal(h.answers[0].aaaa, DNS_TIMEOUT);
	dns_free(d);
}

static const struct zone_record chained[] = {
    {"www.test", "shop.test", DNS_TYPE_CNAME, 600},
    {"shop.test", "edge.test", DNS_TYPE_CNAME, 60},
    {"edge.test", "192.0.2.1", DNS_TYPE_A, 300},
    {"other.test", "203.0.113.1", DNS_TYPE_A, 1},
};

static void
the_cname_chain_is_told_however_it_is_served(void **state)
{
	struct zone zone = {chained, COUNT_OF(chained), .follows = true};
	struct heard h;

	(void)state;
	for (int i = 0; i < 2; i++, zone.follows = false) {
		ask_zone(&zone, "www.test", &h);
		assert_int_equal(h.answers[0].a, DNS_OK);
		assert_int_equal(h.answers[0].aaaa, DNS_OK);
		assert_int_equal(h.answers[0].n_chain, 2);
		assert_string_equal(h.answers[0].chain[0], "shop.test");
		assert_string_equal(h.answers[0].chain[1], "edge.test");
		assert_int_equal(h.answers[0].n_addresses, 1);
		assert_address(&h.answers[0], 0, "192.0.2.1");
		assert_int_equal(h.answers[0].ttl_s, 60);
		assert_int_equal(h.answers[0].chain_ttl_s[0], 600);
		assert_int_equal(h.answers[0].chain_ttl_s[1], 60);
		assert_int_equal(h.answers[0].kept_s, 600);
	}
}

static void
a_dangling_cname_is_nxdomain_with_its_chain(void **state)
{
	struct zone zone = {chained, 1, .rcode = 3, .follows = true};
	struct heard h;

	(void)state;
	ask_zone(&zone, "www.test", &h);
	assert_int_equal(h.answers[0].a, DNS_NXDOMAIN);
	assert_int_equal(h.answers[0].n_chain, 1);
	assert_string_equal(h.answers[0].chain[0], "shop.test");
}

static void
a_circle_of_cnames_is_a_loop(void **state)
{
	static const struct zone_record circle[] = {
	    {"a.test", "b.test", DNS_TYPE_CNAME, 60},
	    {"b.test", "c.test", DNS_TYPE_CNAME, 60},
	    {"c.test", "b.test", DNS_TYPE_CNAME, 60},
	};
	struct zone zone = {.records = circle, .n_records = COUNT_OF(circle)};
	struct heard h;

	(void)state;
	ask_zone(&zone, "a.test", &h);
	assert_int_equal(h.answers[0].a, DNS_LOOP);
	assert_int_equal(h.answers[0].aaaa, DNS_LOOP);
	assert_string_equal(h.answers[0].chain[0], "b.test");
}

static void
a_chain_of_more_than_ten_is_a_loop(void **state)
{
	static char names[13][32];
	static struct zone_record records[12];
	struct zone zone = {records, COUNT_OF(records), .follows = true};
	struct heard h;

	(void)state;
	for (int i = 0; i < 13; i++)
		snprintf(names[i], sizeof(names[i]), "n%d.test", i);
	for (int i = 0; i < 12; i++)
		records[i] = (struct zone_record){
		    names[i], names[i + 1], DNS_TYPE_CNAME, 60};
	ask_zone(&zone, "n0.test", &h);
	assert_int_equal(h.answers[0].a, DNS_LOOP);
	assert_int_equal(h.answers[0].n_chain, DNS_CHAIN_MAX);
}

static void
an_answer_that_is_cut_off_is_malformed(void **state)
{
	struct zone zone = plain_zone;
	struct heard h;

	(void)state;
	zone.is_short = true;
	ask_zone(&zone, "www.test", &h);
	assert_int_equal(h.answers[0].a, DNS_MALFORMED);
	assert_int_equal(h.answers[0].aaaa, DNS_MALFORMED);
}

static void
every_resolver_answers_for_itself(void **state)
{
	static const struct zone empty = {.rcode = 3};
	struct name_server servers[2];
	struct addr addrs[2];
	struct heard h = {0};
	struct dns *d;

	(void)state;
	name_server_start(&servers[0], &plain_zone);
	name_server_start(&servers[1], &empty);
	addrs[0] = servers[0].addr;
	addrs[1] = servers[1].addr;
	assert_int_equal(dns_new(EV_DEFAULT, addrs, 2, &d, NULL), ERR_OK);
	dns_ask(d, "www.test", on_done, &h);
	run_until(&h.times);
	assert_int_equal(h.n, 2);
	assert_int_equal(h.answers[0].n_addresses, 3);
	assert_int_equal(h.answers[1].a, DNS_NXDOMAIN);
	assert_int_equal(servers[0].n_asked, 2);
	assert_int_equal(servers[1].n_asked, 2);
	dns_free(d);
	name_server_stop(&servers[0]);
	name_server_stop(&servers[1]);
}

static void
the_first_to_know_addresses_is_enough_for_who_is_in_haste(void **state)
{
	struct name_server servers[2];
	struct addr addrs[2];
	struct heard h = {0};
	struct dns *d;

	(void)state;
	for (int i = 0; i < 2; i++) {
		name_server_start(&servers[i], &plain_zone);
		addrs[i] = servers[i].addr;
	}
	ev_io_stop(EV_DEFAULT, &servers[0].io); /* hears, and says nothing */
	assert_int_equal(dns_new(EV_DEFAULT, addrs, 2, &d, NULL), ERR_OK);
	dns_ask_first(d, "www.test", on_done, &h);
	assert_int_equal(h.times, 0);
	run_until(&h.times);
	assert_int_equal(h.n, 2);
	assert_int_equal(h.answers[0].a, DNS_TIMEOUT);
	assert_int_equal(h.answers[0].n_addresses, 0);
	assert_int_equal(h.answers[1].n_addresses, 3);
	/* the other answers after all: nobody is told */
	ev_io_start(EV_DEFAULT, &servers[0].io);
	for (int i = 0; i < ROUNDS_MAX && servers[0].n_asked < 2; i++)
		ev_run(EV_DEFAULT, EVRUN_ONCE);
	assert_int_equal(h.times, 1);
	dns_free(d);
	name_server_stop(&servers[0]);
	name_server_stop(&servers[1]);
}

static void
a_resolver_that_is_down_holds_up_nobody(void **state)
{
	struct name_server servers[2];
	struct addr addrs[2];
	struct heard h = {0};
	struct dns *d;

	(void)state;
	for (int i = 0; i < 2; i++) {
		name_server_start(&servers[i], &plain_zone);
		addrs[i] = servers[i].addr;
	}
	ev_io_stop(EV_DEFAULT, &servers[0].io); /* hears, and says nothing */
	assert_int_equal(dns_new(EV_DEFAULT, addrs, 2, &d, NULL), ERR_OK);
	dns_ask(d, "www.test", on_done, &h);
	run_until(&h.times);
	assert_int_equal(h.n, 2);
	assert_int_equal(h.answers[0].a, DNS_TIMEOUT);
	assert_int_equal(h.answers[1].n_addresses, 3);
	dns_free(d); /* while the first is still asked */
	name_server_stop(&servers[0]);
	name_server_stop(&servers[1]);
}

static void
who_is_in_haste_waits_for_all_when_none_knows(void **state)
{
	struct name_server servers[2];
	struct addr addrs[2];
	struct heard h = {0};
	struct dns *d;

	(void)state;
	for (int i = 0; i < 2; i++) {
		name_server_start(&servers[i], &plain_zone);
		addrs[i] = servers[i].addr;
	}
	assert_int_equal(dns_new(EV_DEFAULT, addrs, 2, &d, NULL), ERR_OK);
	dns_ask_first(d, "nobody.test", on_done, &h);
	run_until(&h.times);
	assert_int_equal(servers[0].n_asked + servers[1].n_asked, 4);
	assert_string_equal(
	    dns_answer_text(&h.answers[1]), "has no address in DNS");
	dns_free(d);
	name_server_stop(&servers[0]);
	name_server_stop(&servers[1]);
}

static void
a_cancelled_query_is_never_answered(void **state)
{
	struct name_server s;
	struct heard cancelled = {0}, kept = {0};
	struct dns *d;
	struct dns_query *q;

	(void)state;
	name_server_start(&s, &plain_zone);
	assert_int_equal(dns_new(EV_DEFAULT, &s.addr, 1, &d, NULL), ERR_OK);
	q = dns_ask(d, "www.test", on_done, &cancelled);
	dns_cancel(q);
	dns_ask(d, "www.test", on_done, &kept);
	run_until(&kept.times);
	assert_int_equal(cancelled.times, 0);
	dns_free(d);
	name_server_stop(&s);
}

static void
freeing_drops_what_is_open(void **state)
{
	struct name_server s;
	struct heard h = {0};
	struct dns *d;

	(void)state;
	name_server_start(&s, &plain_zone);
	assert_int_equal(dns_new(EV_DEFAULT, &s.addr, 1, &d, NULL), ERR_OK);
	dns_ask(d, "www.test", on_done, &h);
	dns_free(d);
	assert_int_equal(h.times, 0);
	name_server_stop(&s);
}

static void
a_unix_socket_is_no_resolver(void **state)
{
	struct addr a;
	struct dns *d;
	struct fault f = {0};

	(void)state;
	assert_int_equal(addr_parse(SLICE("unix:/run/dns"), &a), ERR_OK);
	assert_int_not_equal(dns_new(EV_DEFAULT, &a, 1, &d, &f), ERR_OK);
	assert_int_equal(f.code, FAULT_S23_CONFIG_VALUE);
}

/* --- the parser by itself ------------------------------------------------ */

static void
a_name_that_points_at_itself_is_malformed(void **state)
{
	static const char message[] = "\0\0\x81\x80\0\0\0\1\0\0\0\0"
				      "\xc0\x0c\0\1\0\1\0\0\0\1\0\4abcd";
	struct dns_walk w;

	(void)state;
	dns_walk_start(&w, "www.test");
	assert_int_equal(
	    dns_walk_on(&w, slice_of(message, sizeof(message) - 1), DNS_TYPE_A),
	    DNS_MALFORMED);
}

static void
no_prefix_of_an_answer_is_read_beyond_its_end(void **state)
{
	static const char query[] = "\0\1\1\0\0\1\0\0\0\0\0\0"
				    "\3www\4test\0\0\1\0\1";
	struct zone zone = {
	    chained, COUNT_OF(chained), .follows = true, .minimum = 5};
	struct dns_walk w;
	struct buf out;

	(void)state;
	buf_init(&out, 8192);
	zone_reply(&zone, slice_of(query, sizeof(query) - 1), &out);
	for (size_t n = 0; n <= out.len; n++) {
		char *copy = xmemdup(buf_slice(&out).p, n); /* for ASan */

		dns_walk_start(&w, "www.test");
		(void)dns_walk_on(&w, slice_of(copy, n), DNS_TYPE_A);
		free(copy);
	}
	assert_int_equal(w.n_addresses, 1);
	buf_clear(&out);
}

static void
names_are_compared_without_case(void **state)
{
	static const struct zone_record records[] = {
	    {"WWW.Test", "Edge.TEST", DNS_TYPE_CNAME, 60},
	    {"eDGE.test", "192.0.2.1", DNS_TYPE_A, 60}};
	struct buf out;
	struct dns_walk w;

	(void)state;
	buf_init(&out, 8192);
	buf_add(&out, slice_of("\0\0\x81\x80\0\0\0\2\0\0\0\0", 12));
	zone_put(&out, &records[0]);
	zone_put(&out, &records[1]);
	dns_walk_start(&w, "www.test");
	assert_int_equal(dns_walk_on(&w, buf_slice(&out), DNS_TYPE_A), DNS_OK);
	assert_string_equal(w.chain[0], "edge.test");
	assert_int_equal(w.n_addresses, 1);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		addresses_of_both_families_come_with_the_shortest_ttl),
	    cmocka_unit_test(no_data_is_an_answer_and_lasts_as_the_soa_says),
	    cmocka_unit_test(every_refusal_is_told_apart),
	    cmocka_unit_test(broken_signatures_are_told_from_servers_that_fail),
	    cmocka_unit_test(a_resolver_that_is_not_there_is_a_timeout),
	    cmocka_unit_test(the_cname_chain_is_told_however_it_is_served),
	    cmocka_unit_test(a_dangling_cname_is_nxdomain_with_its_chain),
	    cmocka_unit_test(a_circle_of_cnames_is_a_loop),
	    cmocka_unit_test(a_chain_of_more_than_ten_is_a_loop),
	    cmocka_unit_test(an_answer_that_is_cut_off_is_malformed),
	    cmocka_unit_test(every_resolver_answers_for_itself),
	    cmocka_unit_test(
		the_first_to_know_addresses_is_enough_for_who_is_in_haste),
	    cmocka_unit_test(a_resolver_that_is_down_holds_up_nobody),
	    cmocka_unit_test(who_is_in_haste_waits_for_all_when_none_knows),
	    cmocka_unit_test(a_cancelled_query_is_never_answered),
	    cmocka_unit_test(freeing_drops_what_is_open),
	    cmocka_unit_test(a_unix_socket_is_no_resolver),
	    cmocka_unit_test(a_name_that_points_at_itself_is_malformed),
	    cmocka_unit_test(no_prefix_of_an_answer_is_read_beyond_its_end),
	    cmocka_unit_test(names_are_compared_without_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
