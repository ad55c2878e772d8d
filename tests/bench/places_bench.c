/*
 * places_bench.c - what a look-up of country and network costs.
 *
 *	places_bench COUNTRY.dat NETWORK.dat
 *
 * Prints one line of JSON: nanoseconds for each (both files, a million random
 * addresses of each family, none asked twice in a row), and milliseconds to
 * open and check both files. What costs more than LIMIT is said.
 */
#include <stdlib.h>

#include "base/when.h"
#include "enrich/places.h"

#define ROUNDS	1000000
#define LIMIT	2000.0	/* ns: 2 microseconds */

static double
seconds(void)
{
	struct timespec	 t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return ((double)t.tv_sec + (double)t.tv_nsec / 1e9);
}

static double
look(const struct places *p, unsigned len, unsigned *known)
{
	unsigned char	 ip[16];
	struct place	 at;
	uint64_t	 x = 88172645463325252u;
	double		 begun = seconds();

	*known = 0;
	for (int i = 0; i < ROUNDS; i++) {
		for (unsigned k = 0; k < len; k += 4) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			memcpy(ip + k, &x, 4);
		}
		if (len == 16)		/* 2000::/6: where addresses are given */
			ip[0] = (unsigned char)(0x20 | (ip[0] & 0x0f));
		place_find(p, ip, len, &at);
		*known += place_known(&at);
	}
	return ((seconds() - begun) * 1e9 / ROUNDS);
}

int
main(int argc, char **argv)
{
	struct places	*p;
	struct err	 e = { .code = ERR_NONE };
	double		 begun = seconds(), opened, v4, v6;
	unsigned	 known4, known6;

	if (argc != 3) {
		fputs("usage: places_bench COUNTRY.dat NETWORK.dat\n", stderr);
		return (2);
	}
	if (places_open(argv[1], argv[2], &p, &e) == -1) {
		fprintf(stderr, "places_bench: %s\n", e.msg);
		return (2);
	}
	opened = (seconds() - begun) * 1e3;
	v4 = look(p, 4, &known4);
	v6 = look(p, 16, &known6);
	printf("{\"open_ms\": %.1f, \"v4_ns\": %.0f, \"v6_ns\": %.0f, \"v4_known\": %.3f, \"v6_known\": %.3f}\n", opened, v4, v6,
	    (double)known4 / ROUNDS, (double)known6 / ROUNDS);
	places_close(p);
	if (v4 > LIMIT || v6 > LIMIT)
		fputs("places_bench: a look-up costs more than 2 microseconds\n", stderr);
	return (0);
}
